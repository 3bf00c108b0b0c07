//! Real processes of the members' nodes, attacked.

mod honest;
mod hostile;
mod http_port;
mod node_port;
