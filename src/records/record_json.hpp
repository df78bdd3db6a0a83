// Records as the API shows them, and as it takes them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "domain/field_catalogue.hpp"
#include "domain/record.hpp"
#include "store/records.hpp"

namespace rowlane::records {

// A user's e-mail; empty when unknown.
using EmailOf = std::function<std::string(UserId)>;

// {id, owner, version, createdAt, updatedAt, updatedBy, sync: {state, at, reason}, every field, extra: {...}}:
// null where there is no value; `deletedAt` of a tombstone alone. `extras`: the agency's own fields.
Json record_json(const Record& record, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                 const EmailOf& email_of);

struct FieldProblem {
  std::string field, reason;
};
struct RecordInput {
  Fields set;
  std::optional<std::string> owner;  // an e-mail
  std::vector<FieldProblem> problems;
};
// Which fields must be there: for a new or replaced record `name` and `vertical`; a patch only may not blank them.
enum class Completeness { whole, part };
// Reads the fields of a request. Members that the server makes (id, version, sync, ...) are passed over, so that
// what was read can be sent back. At most a hundred problems are told.
RecordInput read_record(const Json& json, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                        Completeness completeness);

}  // namespace rowlane::records
