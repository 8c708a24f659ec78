//! The store as a program uses it: on memory, on a real directory, and on file systems that fail.

mod backends;
mod backups;
mod commands;
mod commits;
mod ends;
mod faults;
mod logs;
mod threads;
mod watching;
