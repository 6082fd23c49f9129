//! A line of a bill in a request.

use super::nested_body::{FieldErrors, integer, money, name};
use crate::domain::correct::Line;
use contracts::money::BillMoney;
use contracts::quantity::Quantity;
use http_api::body::JsonBody;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// Longest name of a line, in characters.
pub(super) const NAME_CHARACTERS_MAX: usize = 200;
/// Largest number of modifiers per line, and the longest modifier, in characters.
pub(super) const MODIFIERS_MAX: usize = 20;
const MODIFIER_CHARACTERS_MAX: usize = 100;

/// A corrected line.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
pub(super) struct CorrectLine {
    /// The id of the corrected line; omit it for a new line.
    #[schema(required = false)]
    id: Option<u32>,
    /// 1 to 200 characters.
    name: String,
    #[schema(rename = "numberServings")]
    number_servings: Quantity,
    /// Price of one serving; computed if omitted.
    #[schema(required = false)]
    price: Option<BillMoney>,
    /// Null if unknown.
    total: Option<BillMoney>,
    #[schema(required = false, max_items = 20)]
    modifiers: Option<Vec<String>>,
}

/// Reads a line.
pub(super) fn read_line(line: &mut JsonBody, pointer: &str, errors: &mut FieldErrors) -> Option<Line> {
    let id = line.optional("id", integer(1, u32::MAX));
    let name = line.required("name", name(NAME_CHARACTERS_MAX));
    let number_servings = line.required("numberServings", Quantity::from_json_number);
    let price = line.optional("price", money);
    let total = line.required("total", |json| if json == "null" { Ok(None) } else { money(json).map(Some) });
    let modifiers = line.optional("modifiers", |json| {
        let place = format!("{pointer}/modifiers");
        Ok::<_, String>(errors.list(json, &place, MODIFIERS_MAX, modifier))
    });
    Some(Line {
        id,
        name: name?,
        number_servings: number_servings?,
        price,
        total: total?,
        modifiers: modifiers.flatten(),
    })
}

/// Reads a sub-line.
pub(super) fn modifier(json: &str, place: &str, errors: &mut FieldErrors) -> Option<String> {
    name(MODIFIER_CHARACTERS_MAX)(json).map_err(|error| errors.add(place, &error)).ok()
}

/// The fields that are null.
pub(super) fn nulls(body: &JsonBody) -> BTreeSet<String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body.bytes()).unwrap_or_default();
    fields.into_iter().filter(|(_, value)| value.get() == "null").map(|(name, _)| name).collect()
}
