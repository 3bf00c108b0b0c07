//! The routes, each with its documentation. A route that is not documented cannot be added: both are one.

mod approvals;
mod batches;
mod blocks;
mod charters;
mod commands;
mod cycles;
mod events;
mod finality;
mod iso20022;
mod members;
mod node;
mod order_events;
mod order_messages;
mod orders;
mod payments;
mod proposals;
mod queue_runs;
mod sessions;
mod simulations;
mod statements;

pub use orders::OrdersView;
pub use payments::PaymentsView;
pub use proposals::{ProposalsView, ProposeRequest};

use crate::console;
use crate::limit;
use crate::problem::{Kind, Problem};
use crate::service::Api;
use axum::Router;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use std::sync::{Arc, LazyLock};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest JSON body, in bytes.
const JSON_BYTES_MAX: usize = 1 << 20;
/// The longest body with the text of a charter, in bytes: each byte of it may be written as six.
const TEXT_BYTES_MAX: usize = 2 << 20;
/// The longest body with orders, in bytes: room for as many as a batch holds.
const ORDERS_BYTES_MAX: usize = 8 << 20;
/// The longest body with figures of trade, in bytes: some 200,000 rows.
const TRADE_BYTES_MAX: usize = 8 << 20;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Comity node",
        description = "A node of a clearing union without an owner. Reads show what is durable. A write is a batch signed \
            by a member, or an order of one of its operators that the node signs with the member's key. Members are \
            named by code, orders by UUID; amounts are decimal text with minor units beside it; times are RFC 3339 in \
            UTC, days are those of the union's clock. Errors are application/problem+json."
    ),
    components(schemas(Problem, crate::text::CommandText, crate::view::EventView)),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(node::union))
        .routes(routes!(charters::charter))
        .routes(routes!(charters::founding))
        .routes(routes!(charters::signatures))
        .routes(routes!(charters::history))
        .routes(routes!(proposals::proposals, proposals::propose))
        .routes(routes!(proposals::proposal))
        .routes(routes!(proposals::text))
        .routes(routes!(node::health))
        .routes(routes!(node::ready))
        .routes(routes!(node::metrics))
        .routes(routes!(node::openapi))
        .routes(routes!(members::member))
        .routes(routes!(members::participants))
        .routes(routes!(members::today))
        .routes(routes!(members::positions))
        .routes(routes!(members::queue))
        .routes(routes!(queue_runs::queue_runs))
        .routes(routes!(queue_runs::next_run))
        .routes(routes!(orders::orders, payments::submit_orders))
        .routes(routes!(orders::order))
        .routes(routes!(finality::receipt))
        .routes(routes!(order_messages::order_messages))
        .routes(routes!(order_events::order_events))
        .routes(routes!(batches::submit_batch))
        .routes(routes!(iso20022::messages))
        .routes(routes!(payments::accept_order))
        .routes(routes!(payments::refuse_order))
        .routes(routes!(payments::cancel_order))
        .routes(routes!(cycles::cycles))
        .routes(routes!(cycles::cycle))
        .routes(routes!(cycles::flows))
        .routes(routes!(cycles::close_cycle))
        .routes(routes!(cycles::confirm_leg))
        .routes(routes!(statements::statement))
        .routes(routes!(blocks::block))
        .routes(routes!(blocks::batch))
        .routes(routes!(events::events))
        .routes(routes!(commands::submit_command))
        .routes(routes!(simulations::presets))
        .routes(routes!(simulations::simulate))
        .routes(routes!(sessions::challenge))
        .routes(routes!(sessions::begin, sessions::show, sessions::end))
        .routes(routes!(sessions::operators))
        .routes(routes!(sessions::passkey_challenge))
        .routes(routes!(sessions::begin_with_passkey))
        .routes(routes!(approvals::approvals))
        .routes(routes!(approvals::approve))
        .routes(routes!(approvals::reject))
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi().to_pretty_json().expect("the document has a JSON form"));

/// The routes of an API with their limits, and the pages of the console.
pub fn router(api: Arc<Api>) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .merge(console::routes())
        .fallback(async || Problem::not_found("there is nothing at this address; /openapi.json lists what there is"))
        .method_not_allowed_fallback(async || {
            Problem::new(Kind::MethodNotAllowed, "this address takes other methods; /openapi.json lists them")
        })
        .layer(from_fn_with_state(api.clone(), limit::limit))
        .layer(map_response_with_state(api.clone(), console::secure))
        .with_state(api)
}
