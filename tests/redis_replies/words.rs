//! The words of random calls.

/// A small generator: the program is the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    /// A call of one of the forms, in which single letters and `@` words stand for words drawn.
    pub fn call(&mut self, forms: &[&str]) -> Vec<String> {
        let form = self.pick(forms);
        form.split(' ').map(|word| self.word(word)).collect()
    }

    /// A word that stands for `form`'s.
    fn word(&mut self, form: &str) -> String {
        let words: &[&str] = match form {
            "k" => &["a", "b", "c", "ha", "k1"],
            "h" => &["ha", "hb", "hb", "ha", "ha", "a"],
            "l" => &["la", "lb", "la", "lb", "la", "lc", "ha"],
            "s" => &["sa", "sb", "sc", "sa", "sb", "la"],
            "z" => &["za", "zb", "zc", "za", "zb", "za", "sa"],
            // Ranges by name are defined for equal scores alone.
            "q" => &["qa", "qb"],
            "p" => &["pa", "pb", "pc", "pa", "b", "ha"],
            "e" => &["a", "ha", "la", "sa", "za", "zb", "sc", "none", "ga"],
            "f" | "m" => &["a", "b", "c", "1", "2", "10", "x y"],
            "g" => return self.pick(&["1", "2", "3"]).repeat(self.below(4) + 1) + self.digits(),
            "v" => &["", "x", "7", "007", "9223372036854775806", "1.5", "foobar"],
            "n" => &["0", "1", "2", "3", "-3", "5", "x", "9223372036854775807"],
            "i" => &["0", "1", "2", "-1", "-2", "-100", "100", "7", "x", "-3"],
            "d" => &[
                "1",
                "0.1",
                "-2.5",
                "1e3",
                "x",
                "0.30",
                "nan",
                "inf",
                "0x10",
                "-0x1.8p-1",
                "0x1p",
            ],
            "x" => &[
                "1", "2", "-1.5", "0", "3e10", "inf", "-inf", "0.1", "x", "1e-7", "0x10",
                "-0X.8p1", "0x", "0.7", "1e16",
            ],
            "b" => &[
                "-inf", "+inf", "0", "1", "(1", "(0", "2", "-1.5", "(x", "3e10", "0x10", "(0x1p4",
                " 1", "1 ", "(", "", "1e400", "-1e400", "\t(2", "nan",
            ],
            "r" => &["-", "+", "[a", "(a", "[b", "(10", "[x", "a"],
            "o" => &["0", "1", "7", "8", "23", "100", "-1", "x", "4294967296"],
            "y" => &["u8", "i8", "u1", "i1", "u63", "i64", "i17", "u64", "x8"],
            "G" => &["ga", "gb", "ga", "gb", "ga", "gb", "gc", "wrong"],
            "D" => &["gc", "gd", "ga", "wrong"],
            "E" => &["distances"],
            "@lon" => return self.degrees(&["180", "-180", "180.00001", "x", "0", "inf"], 180),
            "@lat" => {
                return self.degrees(
                    &["85.05112878", "-85.05112878", "85.06", "-90", "0", ""],
                    85,
                );
            }
            "@p" => return format!("p{}", self.number(150)),
            // As good as each place has its own score: equal distances have no order in Redis.
            "@s" => {
                return format!(
                    "{}{:06}",
                    self.number(4_000_000_000),
                    self.number(1_000_000)
                );
            }
            "@u" => &["m", "km", "KM", "ft", "mi", "m", "km", "mile"],
            "@r" => return self.reach(),
            "@w" => &["wa", "wb", "wc"],
            "t" => &["99999999999000", "88888888888499", "99999999999"],
            // How many are drawn; below 0 with repeats.
            "@c" => &[
                "0",
                "1",
                "2",
                "5",
                "40",
                "-1",
                "-4",
                "-30",
                "x",
                "",
                "9223372036854775807",
                "-9223372036854775808",
            ],
            word => return word.to_owned(),
        };
        self.pick(words).to_owned()
    }

    /// Degrees with some decimals, seldom at the edge or none at all.
    fn degrees(&mut self, edges: &[&str], most: i64) -> String {
        if self.number(60) == 0 {
            return self.pick(edges).to_owned();
        }
        // Half of all places are near each other.
        let most = if self.number(2) == 0 { 2 } else { most };
        let fraction = self.number(1_000_000);
        format!("{}.{fraction:06}", self.number(2 * most) - most)
    }

    /// A distance of any order of magnitude, seldom none.
    fn reach(&mut self) -> String {
        if self.number(60) == 0 {
            return self.pick(&["0", "-1", "x", "inf", "1e300", ""]).to_owned();
        }
        let digits = self.number(9) as usize;
        format!("{}{}", 1 + self.number(9), &"00000000"[..digits])
    }

    fn number(&mut self, count: i64) -> i64 {
        self.pick(&[""]);
        (self.0 >> 33) as i64 % count
    }

    fn below(&mut self, count: usize) -> usize {
        self.pick(&["0", "1", "2", "3"]).parse::<usize>().unwrap() % count
    }

    fn digits(&mut self) -> &'static str {
        self.pick(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    }

    pub fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let at = usize::try_from(self.0 >> 33).unwrap() % words.len();
        words[at]
    }
}
