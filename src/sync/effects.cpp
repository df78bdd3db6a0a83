#include "sync/effects.hpp"

namespace rowlane::sync {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kHex.find(text[i]), low = kHex.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::int64_t number(const Json& json) { return json.as_int().value_or(0); }

Result<Effect> read_effect(const Json& json, FieldCatalogue& catalogue) {
  Effect effect;
  effect.kind = static_cast<EffectKind>(number(json["kind"]));
  effect.tab = json["tab"].string_or();
  effect.record = {number(json["record"])};
  effect.version = number(json["version"]);
  effect.public_id = json["id"].string_or();
  effect.job = {number(json["job"])};
  effect.user = {number(json["user"])};
  effect.row = static_cast<int>(number(json["row"]));
  effect.counts = json["counts"] == Json(true);
  effect.overwritten = number(json["overwritten"]);
  if (const std::string* base = json["base"].if_string()) {
    const auto blob = from_hex(*base);
    if (!blob) return fail(Errc::corrupt, "a journal entry cannot be read back");
    Result<Fields> fields = catalogue.decode(*blob);
    if (!fields) return std::unexpected(fields.error());
    effect.base = std::move(*fields);
  }
  const Json::Array* history = json["history"].if_array();
  if (!history) return fail(Errc::corrupt, "a journal entry cannot be read back");
  for (const Json& h : *history)
    effect.history.push_back({effect.record, effect.job, effect.user, "sheet", h["what"].string_or(), effect.tab, h["field"].string_or(),
                              static_cast<int>(number(h["row"])), h["before"].string_or(), h["after"].string_or()});
  return effect;
}

}  // namespace

std::string to_journal(const std::vector<Effect>& effects, const FieldCatalogue& catalogue) {
  Json all = Json::array();
  for (const Effect& e : effects) {
    Json history = Json::array();
    for (const store::HistoryRow& h : e.history)
      history.push(Json::object({{"what", h.what}, {"field", h.field}, {"row", h.row}, {"before", h.before}, {"after", h.after}}));
    all.push(Json::object({{"kind", static_cast<int>(e.kind)}, {"tab", e.tab}, {"record", e.record.value}, {"version", e.version}, {"id", e.public_id},
                           {"job", e.job.value}, {"user", e.user.value}, {"row", e.row}, {"counts", e.counts}, {"overwritten", e.overwritten},
                           {"base", e.base ? Json(to_hex(catalogue.encode(*e.base, true))) : Json()}, {"history", history}}));
  }
  return all.dump();
}

Result<std::vector<Effect>> from_journal(std::string_view body, FieldCatalogue& catalogue) {
  const Result<Json> json = parse_json(body);
  const Json::Array* all = json ? json->if_array() : nullptr;
  if (!all) return fail(Errc::corrupt, "a journal entry cannot be read back");
  std::vector<Effect> effects;
  for (const Json& one : *all) {
    Result<Effect> effect = read_effect(one, catalogue);
    if (!effect) return std::unexpected(effect.error());
    effects.push_back(std::move(*effect));
  }
  return effects;
}

void enter(const std::vector<Effect>& effects, store::ChunkCommit& commit, std::map<JobId, JobResult>& results) {
  for (const Effect& e : effects) {
    commit.base.push_back({e.record, e.tab, e.base});
    commit.history.insert(commit.history.end(), e.history.begin(), e.history.end());
    commit.marks.push_back({e.record, e.version, SyncState::synced, {}});
    Counts& counts = results[e.job].tabs[e.tab].counts;
    counts.overwritten += e.overwritten;
    if (e.kind == EffectKind::add) ++counts.added;
    else if (e.kind == EffectKind::update) counts.updated += e.counts ? 1 : 0;
    else ++counts.deleted;
  }
}

}  // namespace rowlane::sync
