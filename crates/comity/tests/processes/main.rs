//! Real processes of the members' nodes: killed, cut off from each other, and attacked.

mod faults;
mod honest;
mod hostile;
mod http_port;
mod node_port;
