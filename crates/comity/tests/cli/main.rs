//! The command line as its users meet it: the real binary, in a directory of its own.

mod admission;
mod bad_arguments;
mod bad_orders;
mod book;
mod clear;
mod doctor;
mod export;
mod founding;
mod governance;
mod iso;
mod iso_messages;
mod members_nodes;
mod node;
mod report;
mod scene;
mod serving;
mod simulate;
mod tls;
mod token;
mod tutorial;
mod verify;
