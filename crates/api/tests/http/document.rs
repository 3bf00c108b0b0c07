//! The OpenAPI document: valid, complete, and true.

use crate::harness::{Server, problem};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every operation there is. A route that is added belongs here.
const OPERATIONS: &str = "\
DELETE /v1/sessions
GET /health
GET /metrics
GET /openapi.json
GET /ready
GET /v1/approvals
GET /v1/blocks/{height}
GET /v1/blocks/{height}/batches/{batch}
GET /v1/charter
GET /v1/charter/founding
GET /v1/charter/founding/signatures
GET /v1/charter/history
GET /v1/cycles
GET /v1/cycles/{number}
GET /v1/cycles/{number}/flows
GET /v1/events
GET /v1/members/{code}
GET /v1/members/{code}/participants
GET /v1/members/{code}/today
GET /v1/operators
GET /v1/orders
GET /v1/orders/{id}
GET /v1/orders/{id}/events
GET /v1/orders/{id}/messages
GET /v1/orders/{id}/receipt
GET /v1/positions
GET /v1/presets
GET /v1/proposals
GET /v1/proposals/{number}
GET /v1/proposals/{number}/text
GET /v1/queue
GET /v1/queue-runs
GET /v1/queue-runs/next
GET /v1/sessions
GET /v1/statements
GET /v1/union
POST /iso20022
POST /v1/approvals/{id}/approve
POST /v1/approvals/{id}/reject
POST /v1/batches
POST /v1/commands
POST /v1/cycles/{number}/close
POST /v1/cycles/{number}/legs/{leg}/confirm
POST /v1/orders
POST /v1/orders/{id}/accept
POST /v1/orders/{id}/cancel
POST /v1/orders/{id}/refuse
POST /v1/proposals
POST /v1/sessions
POST /v1/sessions/challenge
POST /v1/sessions/passkey
POST /v1/sessions/passkey/challenge
POST /v1/simulations";

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_document_is_valid_and_covers_every_route() {
    let server = Server::start();
    let text = String::from_utf8(server.client().get_bytes("/openapi.json").unwrap()).unwrap();
    let spec = oas3::from_json(&text).expect("a maintained reader of OpenAPI 3.1 takes it");
    let mut operations: Vec<_> =
        spec.operations().map(|(path, method, _)| format!("{} {path}", method.as_str())).collect();
    operations.sort();
    assert_eq!(operations.join("\n"), OPERATIONS);

    let document: Value = serde_json::from_str(&text).unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "schemas are referred to by name");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    let mut ids = BTreeSet::new();
    for (path, method, operation) in spec.operations() {
        let name = format!("{method} {path}");
        assert!(ids.insert(operation.operation_id.clone()), "{name} has an id of its own");
        assert!(
            operation.summary.as_ref().or(operation.description.as_ref()).is_some_and(|text| text.len() > 10),
            "{name}"
        );
        assert!(operation.responses.as_ref().is_some_and(|responses| !responses.is_empty()), "{name}");
        let item = &document["paths"][&path][method.as_str().to_lowercase()];
        let declared: BTreeSet<_> = item["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let in_path: BTreeSet<_> =
            path.split('/').filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned())).collect();
        assert_eq!(declared, in_path, "{name}");
    }
}

/// What is documented is served: no operation answers that there is nothing, or that it takes other methods.
#[test]
fn every_documented_operation_is_served() {
    let server = Server::start();
    for operation in OPERATIONS.lines() {
        let (method, path) = operation.split_once(' ').unwrap();
        if path == "/v1/events" {
            server.events(None);
            continue;
        }
        let path: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let (status, body) = server.raw(&format!("{method} {} HTTP/1.1", path.join("/")), b"");
        assert!(status != 405 && !body.contains("nothing at this address"), "{operation}: {status} {body}");
    }
}

/// The names of commands in the document are those that are taken.
#[test]
fn commands_are_named_as_they_are_taken() {
    let server = Server::start();
    let document: Value = server.client().get("/openapi.json").unwrap();
    let variants = document["components"]["schemas"]["CommandText"]["oneOf"].as_array().unwrap();
    let name = |variant: &Value| {
        let parts = variant["allOf"].as_array().unwrap();
        assert!(parts[0]["$ref"].is_string() && parts[1]["required"] == json!(["command"]), "{variant}");
        parts[1]["properties"]["command"]["enum"][0].as_str().unwrap().to_owned()
    };
    let documented: Vec<_> = variants.iter().map(name).collect();
    assert!(documented.len() > 20 && documented.contains(&"set_caps".to_owned()), "{documented:?}");

    let maker = server.session("mia");
    let ask = |name: &str| problem(maker.post::<Value>("/v1/commands", &json!({"command": name, "none": 0})));
    let unknown = ask("SetCaps").detail;
    let (_, taken) = unknown.split_once("commands are ").expect("it says which there are");
    assert_eq!(documented.join(", "), taken);
    for name in documented {
        let detail = ask(&name).detail;
        assert!(detail.contains("unknown field") && !detail.contains("is no command"), "{name}: {detail}");
    }
}
