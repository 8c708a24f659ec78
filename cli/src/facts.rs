//! Names and values: printed as rows or as members of a JSON document, in the same order.

use serde_json::Value;

use crate::failure::Failure;
use crate::output::Output;

/// Names and values in the order in which they are shown.
#[derive(Clone, Debug, Default)]
pub struct Facts(Vec<(&'static str, Value)>);

impl Facts {
    pub fn add(&mut self, name: &'static str, value: impl Into<Value>) -> &mut Self {
        self.0.push((name, value.into()));
        self
    }

    /// Puts all of them into an object.
    pub fn put_into(&self, document: &mut Value) {
        for (name, value) in &self.0 {
            document[*name] = value.clone();
        }
    }

    /// One row each; a row for each element of an array or an object.
    pub fn print(&self, output: &mut Output) -> Result<(), Failure> {
        for (name, value) in &self.0 {
            match value {
                Value::Null => output.row(name, "none")?,
                Value::Array(elements) => {
                    for element in elements {
                        output.row(name, words(element))?;
                    }
                }
                Value::Object(members) => {
                    for (member, value) in members {
                        output.row(name, format_args!("{member}: {}", words(value)))?;
                    }
                }
                value => output.row(name, words(value))?,
            }
        }
        Ok(())
    }
}

/// A value in a row.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let path = members.get("path").map(words);
            let others = members.iter().filter(|(name, _)| *name != "path");
            let others = others.map(|(name, value)| format!("{name} {}", words(value)));
            let words: Vec<_> = path.into_iter().chain(others).collect();
            words.join(", ")
        }
        value => value.to_string(),
    }
}
