// Records: list, one, many, import, export.
#include <ranges>
#include <set>

#include "api/answers.hpp"
#include "api/api.hpp"
#include "net/problem.hpp"
#include "records/transfer.hpp"

namespace rowlane::api {

namespace {
constexpr std::string_view kWhat = "customer";
constexpr std::int64_t kUndoEntriesMax = 200'000;  // of one call; a change of more has no `undo`

// `If-Match: "5"`; nullopt inside when there is none or it is `*`.
Result<std::optional<std::int64_t>> read_if_match(const net::Request& request) {
  std::string_view text = request.header("if-match");
  if (text.empty() || text == "*") return std::optional<std::int64_t>();
  std::int64_t version = 0;
  const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
  if (quoted) text = text.substr(1, text.size() - 2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (!quoted || error != std::errc() || end != text.data() + text.size())
    return fail(Errc::invalid_input, "If-Match must be a version in quotes, like \"5\"", "If-Match");
  return std::optional(version);
}

std::optional<store::SortKey> sort_key(std::string_view wanted) {
  using enum store::SortKey;
  const std::pair<std::string_view, store::SortKey> keys[] = {{"created", created},
                                                              {"createdAt", created},
                                                              {"name", name},
                                                              {"renewal_date", renewal_date},
                                                              {"updated", updated},
                                                              {"updatedAt", updated},
                                                              {"premium", premium},
                                                              {"status", status},
                                                              {"company", company},
                                                              {"policy_no", policy_no},
                                                              {"current_policy_no", policy_no}};
  for (const auto& [known, key] : keys)
    if (known == wanted) return key;
  return std::nullopt;
}

// All parameters of the list but `owner`, which needs the store.
store::RecordQuery read_query(const net::Request& request, std::vector<records::FieldProblem>& problems) {
  store::RecordQuery query{.cursor = read_cursor(request)};
  const auto given = [&](std::string_view name) {
    const std::string* text = request.query_value(name);
    return text && !text->empty() ? text : nullptr;
  };
  if (const auto* text = given("search")) query.filter.search = *text;
  if (const auto* text = given("vertical")) {
    query.filter.vertical = *text;
    if (!is_vertical(*text)) problems.push_back({"vertical", fmt::format("there is no vertical '{}'", *text)});
  }
  if (const auto* text = given("status")) query.filter.status = *text;
  if (const auto* text = given("sync")) {
    query.filter.sync = sync_state_from(*text);
    if (!query.filter.sync) problems.push_back({"sync", fmt::format("there is no sync state '{}'", *text)});
  }
  const std::pair<const char*, std::optional<Date>*> dates[] = {{"renewal_from", &query.filter.renewal_from},
                                                                {"renewal_to", &query.filter.renewal_to}};
  for (const auto& [name, date] : dates) {
    const auto* text = given(name);
    if (!text) continue;
    *date = parse_iso_date(*text);
    if (!*date) problems.push_back({name, fmt::format("{} must be a date like 2026-04-03", name)});
  }
  if (const auto* text = given("sort")) {
    std::string_view name = *text;
    query.descending = name.starts_with('-');
    if (query.descending) name.remove_prefix(1);
    const auto key = sort_key(name);
    if (key)
      query.sort = *key;
    else
      problems.push_back({"sort", fmt::format("records cannot be sorted by '{}'", name)});
  }
  if (const auto* text = given("offset")) {
    const auto offset = read_number_id(*text);
    if (offset)
      query.offset = *offset;
    else if (*text != "0")
      problems.push_back({"offset", "offset must be a whole number"});
  }
  const auto limit = read_limit(request, query.limit);
  if (limit)
    query.limit = *limit;
  else
    problems.push_back({"limit", limit.error().message});
  return query;
}

// `ids` of a bulk call, each once; the refusal when they are no list of ids.
std::expected<std::vector<std::string>, net::Response> read_ids(const Json& body) {
  const auto wrong = [] {
    return std::unexpected(field_problems(400, {{"ids", "ids must be a list of ids that is not empty"}}));
  };
  const Json::Array* list = body["ids"].if_array();
  if (!list || list->empty()) return wrong();
  std::vector<std::string> ids;
  std::set<std::string_view> seen;
  for (const Json& id : *list) {
    if (!id.if_string()) return wrong();
    if (seen.insert(*id.if_string()).second) ids.push_back(*id.if_string());
  }
  return ids;
}

net::Response bulk_answer(const Result<store::BulkReport>& report) {
  if (!report) return store_problem(report.error(), kWhat);
  std::int64_t entries = 0;
  std::string undo;
  for (const store::ChangeRange& range : report->changes) {
    entries += range.last - range.first + 1;
    undo += fmt::format("{}{}-{}", undo.empty() ? "" : ",", range.first, range.last);
  }
  if (entries > kUndoEntriesMax) undo.clear();
  return answer(200, Json::object({{"changed", report->changed}, {"undo", text_or_null(undo)}}));
}

// The `undo` of a bulk answer: "7-12,20-31".
std::optional<std::vector<store::ChangeRange>> read_changes(std::string_view text) {
  std::vector<store::ChangeRange> out;
  std::int64_t entries = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size()), dash = text.substr(0, end).find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = read_number_id(text.substr(0, dash)),
               last = read_number_id(text.substr(dash + 1, end - dash - 1));
    if (!first || !last || *last < *first || *last - *first >= kUndoEntriesMax) return std::nullopt;
    entries += *last - *first + 1;
    out.push_back({*first, *last});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (out.empty() || entries > kUndoEntriesMax) return std::nullopt;
  return out;
}

// The first of them: a file of a million bad lines is told by its beginning.
Json errors_json(const std::vector<store::ImportError>& errors) {
  constexpr std::size_t kErrorsMax = 10'000;
  Json list = Json::array();
  for (const auto& [line, field, reason] : errors | std::views::take(kErrorsMax))
    list.push(Json::object({{"line", line}, {"field", text_or_null(field)}, {"reason", reason}}));
  return list;
}

// `names` outlives what is returned.
records::EmailOf email_in(const std::map<std::int64_t, std::string>& names) {
  return [&names](UserId id) {
    const auto found = names.find(id.value);
    return found == names.end() ? std::string() : found->second;
  };
}

constexpr std::string_view kBadOwner = "owner must be the e-mail of a user whose records you may change";
}  // namespace

Task<net::Response> Api::answer_record(int status, Record record) {
  const std::int64_t version = record.version;
  const auto shown = co_await shown_record(std::move(record));
  if (!shown) co_return net::problem(shown.error());
  net::Response response = answer(status, *shown);
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", version));
  co_return response;
}

Task<Result<Json>> Api::shown_record(Record record) {
  const auto names = co_await emails(record.agency, {record.owner, record.updated_by});
  if (!names) co_return std::unexpected(names.error());
  co_return records::record_json(record, catalogue_, extras(record.agency), email_in(*names));
}

Task<std::expected<store::RecordQuery, net::Response>> Api::record_query(const Request& request, const Caller& caller) {
  std::vector<records::FieldProblem> problems;
  store::RecordQuery query = read_query(request, problems);
  if (!problems.empty()) co_return std::unexpected(field_problems(400, problems));
  query.scope = caller.scope;
  if (const std::string* email = request.query_value("owner"); email && !email->empty()) {
    const auto owner = co_await owner_named(caller, *email);
    if (!owner) co_return std::unexpected(net::problem(owner.error()));
    query.filter.owner = owner->value_or(UserId{-1});  // nobody's: an empty list
  }
  co_return query;
}

Task<net::Response> Api::customer_ids(const Request& request, const Caller& caller) {
  auto query = co_await record_query(request, caller);
  if (!query) co_return std::move(query.error());
  const auto found = co_await store_.record_ids(std::move(*query));
  if (!found) co_return net::problem(found.error());
  Json ids = Json::array();
  for (const std::string& id : *found) ids.push(id);
  co_return answer(200, Json::object({{"ids", std::move(ids)}}));
}

Task<net::Response> Api::customer_totals(const Request& request, const Caller& caller) {
  auto query = co_await record_query(request, caller);
  if (!query) co_return std::move(query.error());
  const auto totals = co_await store_.record_totals(std::move(*query));
  if (!totals) co_return net::problem(totals.error());
  co_return answer(200,
                   Json::object({{"count", totals->count}, {"premium", catalogue_.to_json(Value{totals->premium})}}));
}

Task<net::Response> Api::undo_customers(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return body.error();
  auto changes = read_changes((*body)["undo"].string_or());
  if (!changes) co_return field_problems(400, {{"undo", "undo must be what a change of several records answered"}});
  co_return bulk_answer(co_await store_.undo_changes(caller.scope, std::move(*changes)));
}

Task<net::Response> Api::list_customers(const Request& request, const Caller& caller) {
  const Result<bool> deleted = read_flag(request, "deleted");
  if (!deleted) co_return net::problem(deleted.error());
  auto query = co_await record_query(request, caller);
  if (!query) co_return std::move(query.error());
  query->filter.is_deleted = *deleted;
  if (const std::string* policy_no = request.query_value("policy_no")) query->filter.policy_no = *policy_no;
  const auto page = co_await store_.list_records(std::move(*query));
  if (!page) co_return net::problem(page.error());
  std::vector<UserId> people;
  for (const Record& record : page->records) people.insert(people.end(), {record.owner, record.updated_by});
  const auto names = co_await emails(caller.user.agency, std::move(people));
  if (!names) co_return net::problem(names.error());
  const std::vector<FieldId> own = extras(caller.user.agency);
  Json list = Json::array();
  for (const Record& record : page->records) list.push(records::record_json(record, catalogue_, own, email_in(*names)));
  Json out = list_json("customers", std::move(list), page->next_cursor);
  co_return answer(200, out.set("total", page->total));
}

Task<Result<Api::Change>> Api::read_change(const Caller& caller, const Json& body, records::Completeness completeness) {
  records::RecordInput input = records::read_record(body, catalogue_, extras(caller.user.agency), completeness);
  Change change{.patch = {.set = std::move(input.set), .replace = completeness == records::Completeness::whole},
                .problems = std::move(input.problems)};
  if (input.owner) {
    const auto owner = co_await owner_named(caller, *input.owner);
    if (!owner) co_return std::unexpected(owner.error());
    change.patch.owner = *owner;
    if (!*owner) change.problems.push_back({"owner", std::string(kBadOwner)});
  }
  co_return change;
}

Task<net::Response> Api::create_customer(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return body.error();
  auto change = co_await read_change(caller, *body, records::Completeness::whole);
  if (!change) co_return net::problem(change.error());
  if (!change->problems.empty()) co_return field_problems(400, change->problems);
  Record record{.agency = caller.user.agency,
                .owner = change->patch.owner.value_or(caller.user.id),
                .fields = std::move(change->patch.set)};
  auto made = co_await store_.create_record(caller.scope, std::move(record));
  if (!made) co_return net::problem(made.error());
  const std::string location = "/api/insurance/customers/" + made->public_id;
  net::Response response = co_await answer_record(201, std::move(*made));
  response.headers.emplace_back("Location", location);
  co_return response;
}

Task<net::Response> Api::get_customer(const Request& request, const Caller& caller) {
  const Result<bool> deleted = read_flag(request, "deleted");
  if (!deleted) co_return net::problem(deleted.error());
  auto record = co_await store_.get_record(caller.scope, path_id(request),
                                           *deleted ? store::Tombstones::yes : store::Tombstones::no);
  if (!record) co_return store_problem(record.error(), kWhat);
  co_return co_await answer_record(200, std::move(*record));
}

Task<net::Response> Api::write_customer(const Request& request, const Caller& caller,
                                        records::Completeness completeness) {
  // A foreign id is 404 before anything else.
  const auto present = co_await store_.get_record(caller.scope, path_id(request));
  if (!present) co_return store_problem(present.error(), kWhat);
  const auto version = read_if_match(request);
  if (!version) co_return net::problem(version.error());
  const auto body = read_body(request);
  if (!body) co_return body.error();
  auto change = co_await read_change(caller, *body, completeness);
  if (!change) co_return net::problem(change.error());
  if (!change->problems.empty()) co_return field_problems(400, change->problems);
  store::RecordWrite write{.scope = caller.scope, .public_id = path_id(request), .if_version = *version};
  auto record = co_await store_.update_record(std::move(write), std::move(change->patch));
  if (!record) co_return store_problem(record.error(), kWhat);
  co_return co_await answer_record(200, std::move(*record));
}

Task<net::Response> Api::put_customer(const Request& request, const Caller& caller) {
  return write_customer(request, caller, records::Completeness::whole);
}

Task<net::Response> Api::patch_customer(const Request& request, const Caller& caller) {
  return write_customer(request, caller, records::Completeness::part);
}

Task<net::Response> Api::delete_customer(const Request& request, const Caller& caller) {
  const auto present = co_await store_.get_record(caller.scope, path_id(request));
  if (!present) co_return store_problem(present.error(), kWhat);
  const auto version = read_if_match(request);
  if (!version) co_return net::problem(version.error());
  store::RecordWrite write{.scope = caller.scope, .public_id = path_id(request), .if_version = *version};
  const Status gone = co_await store_.delete_record(std::move(write));
  if (!gone) co_return store_problem(gone.error(), kWhat);
  co_return no_content();
}

Task<net::Response> Api::restore_customer(const Request& request, const Caller& caller) {
  const auto present = co_await store_.get_record(caller.scope, path_id(request), store::Tombstones::yes);
  if (!present) co_return store_problem(present.error(), kWhat);
  const auto version = read_if_match(request);
  if (!version) co_return net::problem(version.error());
  store::RecordWrite write{.scope = caller.scope, .public_id = path_id(request), .if_version = *version};
  auto record = co_await store_.restore_record(std::move(write));
  if (!record) co_return store_problem(record.error(), kWhat);
  co_return co_await answer_record(200, std::move(*record));
}

Task<net::Response> Api::patch_customers(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return body.error();
  auto ids = read_ids(*body);
  if (!ids) co_return ids.error();
  auto change = co_await read_change(caller, (*body)["set"], records::Completeness::part);
  if (!change) co_return net::problem(change.error());
  if (!(*body)["set"].if_object()) change->problems = {{"set", "set must be an object of fields"}};
  if (!change->problems.empty()) {
    // A foreign id is 404 before the fields are told; without problems the store looks at the ids itself.
    for (const std::string& id : *ids) {
      const auto present = co_await store_.get_record(caller.scope, id);
      if (!present) co_return store_problem(present.error(), kWhat);
    }
    co_return field_problems(400, change->problems);
  }
  co_return bulk_answer(co_await store_.update_records(caller.scope, std::move(*ids), std::move(change->patch)));
}

Task<net::Response> Api::delete_customers(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return body.error();
  auto ids = read_ids(*body);
  if (!ids) co_return ids.error();
  co_return bulk_answer(co_await store_.delete_records(caller.scope, std::move(*ids)));
}

Task<net::Response> Api::import_customers(const Request& request, const Caller& caller) {
  if (auto refused = refuse_other_type(request, "text/csv")) co_return std::move(*refused);
  const Result<bool> dry_run = read_flag(request, "dry_run"), skip_bad = read_flag(request, "skip_bad");
  if (!dry_run) co_return net::problem(dry_run.error());
  if (!skip_bad) co_return net::problem(skip_bad.error());
  const auto imported =
      co_await records::import_csv(store_, workers_, caller.scope, catalogue_, extras(caller.user.agency), request.body,
                                   {.dry_run = *dry_run, .skip_bad = *skip_bad});
  if (!imported) co_return net::problem(imported.error());
  const store::ImportReport& report = imported->report;
  if (imported->refused)
    co_return problem_with(422, "the file was not imported; see errors", "invalid_input", errors_json(report.errors));
  Json out = Json::object({{"added", report.added}, {"updated", report.updated}, {"unchanged", report.unchanged}});
  if (*skip_bad) out.set("errors", errors_json(report.errors));
  co_return answer(200, out);
}

Task<net::Response> Api::export_customers(const Request&, const Caller& caller) {
  auto text = co_await records::export_csv(store_, caller.scope, catalogue_, extras(caller.user.agency));
  if (!text) co_return net::problem(text.error());
  net::Response response{.content_type = "text/csv; charset=utf-8", .body = std::move(*text)};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"customers.csv\"");
  co_return response;
}

}  // namespace rowlane::api
