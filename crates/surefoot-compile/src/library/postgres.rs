//! `std.postgres`: asking and promoting PostgreSQL servers, through `psql` and `pg_controldata`.

use super::{Effect, Kind, Need, Parameter, Signature};

const HOST: Parameter = Parameter { name: "host", kind: Kind::Host, secret: false, default: None };
const PORT: Parameter = Parameter { name: "port", kind: Kind::Port, secret: false, default: None };
const PASSWORD: Parameter = Parameter { name: "password", kind: Kind::Text, secret: true, default: None };
const USER: Parameter =
    Parameter { name: "user", kind: Kind::Text, secret: false, default: Some("postgres") };
const DATABASE: Parameter =
    Parameter { name: "database", kind: Kind::Text, secret: false, default: Some("postgres") };
const PRIMARY_DATA: Parameter =
    Parameter { name: "primary_data", kind: Kind::Path, secret: false, default: None };
const DATA: Parameter = Parameter { name: "data", kind: Kind::Path, secret: false, default: None };
const TABLE: Parameter = Parameter { name: "table", kind: Kind::Text, secret: false, default: None };

const SERVER: &[Parameter] = &[HOST, PORT, PASSWORD, USER, DATABASE];
const PSQL: &[Need] = &[Need::Run("psql"), Need::Connect { host: "host", port: "port" }];

/// A question to a server.
const fn question(
    name: &'static str,
    parameters: &'static [Parameter],
    result: Kind,
    needs: &'static [Need],
    doc: &'static str,
) -> Signature {
    Signature {
        module: "postgres",
        name,
        parameters,
        result: Some(result),
        effect: Effect::Read,
        needs,
        inverse: None,
        settles: None,
        doc,
    }
}

pub(super) const SIGNATURES: &[Signature] = &[
    question(
        "is_primary",
        SERVER,
        Kind::Bool,
        PSQL,
        "Whether the server takes writes. False: it is in recovery, or refuses the connection; no answer: unknown.",
    ),
    question(
        "in_recovery",
        SERVER,
        Kind::Bool,
        PSQL,
        "Whether the server is a standby. False: it is a primary, or refuses the connection; no answer: unknown.",
    ),
    question("streaming_replicas", SERVER, Kind::Int, PSQL, "How many standbys stream from this primary."),
    question(
        "lag",
        SERVER,
        Kind::Size,
        PSQL,
        "How far the one streaming standby is behind this primary. Unknown unless exactly one streams: an empty answer never passes.",
    ),
    question(
        "replayed_all",
        &[HOST, PORT, PASSWORD, PRIMARY_DATA, USER, DATABASE],
        Kind::Bool,
        &[
            Need::Run("psql"),
            Need::Run("pg_controldata"),
            Need::Connect { host: "host", port: "port" },
            Need::Read("primary_data"),
        ],
        "Whether this standby has replayed up to the shutdown checkpoint of the stopped primary whose data folder is given.",
    ),
    question(
        "replay_position",
        SERVER,
        Kind::Text,
        PSQL,
        "The position up to which this standby has replayed.",
    ),
    question(
        "rows",
        &[HOST, PORT, PASSWORD, TABLE, USER, DATABASE],
        Kind::Int,
        PSQL,
        "How many rows a table has.",
    ),
    question(
        "shut_down_in_recovery",
        &[DATA],
        Kind::Bool,
        &[Need::Run("pg_controldata"), Need::Read("data")],
        "Whether the server of this data folder was shut down as a standby: proof that a promotion never happened.",
    ),
    Signature {
        module: "postgres",
        name: "promote",
        parameters: SERVER,
        result: None,
        effect: Effect::Verified,
        needs: PSQL,
        inverse: None,
        settles: Some(("is_primary", true)),
        doc: "Makes the standby a primary. It cannot be taken back: the server is then on a new timeline.",
    },
];
