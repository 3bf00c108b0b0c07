//! Real processes of the members' nodes: attacked, and joined late.

mod honest;
mod hostile;
mod http_port;
mod late;
mod node_port;
