#include "records/record_json.hpp"

#include "base/text.hpp"

namespace rowlane::records {

namespace {
// So many are told at the most: a body of a hundred thousand unknown members is no reason to be busy for seconds.
constexpr std::size_t kProblemsMax = 100;

constexpr std::string_view kMadeByServer[] = {"id",        "version", "createdAt", "updatedAt",
                                              "updatedBy", "sync",    "deletedAt"};

Json text_or_null(std::string text) { return text.empty() ? Json() : Json(std::move(text)); }

bool is_one_of(FieldId id, const std::vector<FieldId>& ids) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void read_field(FieldId id, const Json& json, const FieldCatalogue& catalogue, RecordInput& out) {
  auto value = catalogue.from_json(id, json);
  if (!value)
    out.problems.push_back({std::string(catalogue.name(id)), value.error().message});
  else
    out.set.set(id, std::move(*value));
}

void read_extra(const Json& json, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                RecordInput& out) {
  if (json.is_null()) return;
  const Json::Object* members = json.if_object();
  if (!members) {
    out.problems.push_back({"extra", "extra must be an object"});
    return;
  }
  for (const auto& [name, value] : *members) {
    if (out.problems.size() >= kProblemsMax) return;
    const auto id = catalogue.find(name);
    if (id && is_one_of(*id, extras))
      read_field(*id, value, catalogue, out);
    else
      out.problems.push_back({"extra." + name, fmt::format("'{}' is no field of the agency's own", name)});
  }
}
}  // namespace

Json record_json(const Record& record, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                 const EmailOf& email_of) {
  Json out = Json::object({{"id", record.public_id},
                           {"owner", text_or_null(email_of(record.owner))},
                           {"version", record.version},
                           {"createdAt", to_iso8601(record.created_at)},
                           {"updatedAt", to_iso8601(record.updated_at)},
                           {"updatedBy", text_or_null(email_of(record.updated_by))},
                           {"sync", Json::object({{"state", to_string(record.sync)},
                                                  {"at", record.sync_at ? Json(to_iso8601(*record.sync_at)) : Json()},
                                                  {"reason", text_or_null(record.sync_reason)}})}});
  if (record.deleted_at) out.set("deletedAt", to_iso8601(*record.deleted_at));
  Json::Object& members = *out.if_object();
  members.reserve(members.size() + field::shipped_count + 1);
  for (FieldId id = 0; id < field::shipped_count; ++id)
    members.emplace_back(std::string(catalogue.name(id)), catalogue.to_json(record.fields.get(id)));
  Json extra = Json(Json::Object{});
  for (const FieldId id : extras) extra.set(catalogue.name(id), catalogue.to_json(record.fields.get(id)));
  members.emplace_back("extra", std::move(extra));
  return out;
}

RecordInput read_record(const Json& json, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                        Completeness completeness) {
  RecordInput out;
  const Json::Object* members = json.if_object();
  if (!members) {
    out.problems.push_back({"", "the body must be a JSON object"});
    return out;
  }
  for (const auto& [name, value] : *members) {
    if (out.problems.size() >= kProblemsMax) return out;
    if (std::find(std::begin(kMadeByServer), std::end(kMadeByServer), name) != std::end(kMadeByServer)) continue;
    if (name == "extra") {
      read_extra(value, catalogue, extras, out);
    } else if (name == "owner") {
      if (value.if_string())
        out.owner = *value.if_string();
      else if (!value.is_null())
        out.problems.push_back({"owner", "owner must be the e-mail of a user"});
    } else if (const auto id = catalogue.find(name); id && !FieldCatalogue::is_extra(*id)) {
      read_field(*id, value, catalogue, out);
    } else {
      std::vector<std::string> names{"owner", "extra"};
      for (FieldId known = 0; known < field::shipped_count; ++known) names.emplace_back(catalogue.name(known));
      const std::string near = nearest(name, names);
      out.problems.push_back({name, near.empty() ? fmt::format("'{}' is no field", name)
                                                 : fmt::format("'{}' is no field; did you mean '{}'?", name, near)});
    }
  }
  const auto is_told = [&](std::string_view name) {
    return std::any_of(out.problems.begin(), out.problems.end(),
                       [&](const FieldProblem& p) { return p.field == name; });
  };
  for (const FieldId id : {FieldId{field::name}, FieldId{field::vertical}}) {
    const std::string name(catalogue.name(id));
    const bool missing = out.set.has(id) ? is_blank(out.set.get(id)) : completeness == Completeness::whole;
    if (missing && !is_told(name)) out.problems.push_back({name, name + " is required"});
  }
  return out;
}

}  // namespace rowlane::records
