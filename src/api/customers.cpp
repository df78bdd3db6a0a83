// Records: list, one, many, import, export; who did what.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "net/problem.hpp"
#include "records/csv.hpp"

namespace rowlane::api {

namespace {
constexpr std::string_view kWhat = "customer";

std::string id_of(const net::Request& request) {
  const auto found = request.params.find("id");
  return found == request.params.end() ? std::string() : found->second;
}

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
  const std::pair<std::string_view, store::SortKey> keys[] = {
      {"created", created}, {"createdAt", created}, {"name", name},
      {"renewal_date", renewal_date}, {"updated", updated}, {"updatedAt", updated}, {"premium", premium},
      {"status", status}, {"company", company}, {"policy_no", policy_no}, {"current_policy_no", policy_no}};
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
    if (key) query.sort = *key;
    else problems.push_back({"sort", fmt::format("records cannot be sorted by '{}'", name)});
  }
  const auto limit = read_limit(request, query.limit);
  if (limit) query.limit = *limit;
  else problems.push_back({"limit", limit.error().message});
  return query;
}

std::optional<std::vector<std::string>> read_ids(const Json& body) {
  const Json::Array* list = body["ids"].if_array();
  if (!list || list->empty()) return std::nullopt;
  std::vector<std::string> ids;
  for (const Json& id : *list) {
    if (!id.if_string()) return std::nullopt;
    ids.push_back(*id.if_string());
  }
  return ids;
}

net::Response bulk_answer(const store::BulkReport& report) {
  Json missing = Json::array();
  for (const std::string& id : report.not_found) missing.push(id);
  return answer(200, Json::object({{"changed", report.changed}, {"notFound", std::move(missing)}}));
}

Json errors_json(const std::vector<store::ImportError>& errors) {
  Json list = Json::array();
  for (const auto& [line, field, reason] : errors)
    list.push(Json::object({{"line", line}, {"field", text_or_null(field)}, {"reason", reason}}));
  return list;
}

constexpr std::string_view kBadOwner = "owner must be the e-mail of a user whose records you may change";
}  // namespace

Task<net::Response> Api::answer_record(int status, Record record) {
  const auto names = co_await emails(record.agency, {record.owner, record.updated_by});
  if (!names) co_return net::problem(names.error());
  const auto email_of = [&](UserId id) {
    const auto found = names->find(id.value);
    return found == names->end() ? std::string() : found->second;
  };
  net::Response response = answer(status, records::record_json(record, catalogue_, extras(record.agency), email_of));
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", record.version));
  co_return response;
}

Task<net::Response> Api::list_customers(const Request& request, const Caller& caller) {
  std::vector<records::FieldProblem> problems;
  store::RecordQuery query = read_query(request, problems);
  if (!problems.empty()) co_return field_problems(400, problems);
  query.scope = caller.scope;
  if (const std::string* email = request.query_value("owner"); email && !email->empty()) {
    const auto owner = co_await owner_named(caller, *email);
    if (!owner) co_return net::problem(owner.error());
    query.filter.owner = owner->value_or(UserId{-1});  // nobody's: an empty list
  }
  const auto page = co_await store_.list_records(std::move(query));
  if (!page) co_return net::problem(page.error());
  std::vector<UserId> people;
  for (const Record& record : page->records) people.insert(people.end(), {record.owner, record.updated_by});
  const auto names = co_await emails(caller.user.agency, std::move(people));
  if (!names) co_return net::problem(names.error());
  const auto email_of = [&](UserId id) {
    const auto found = names->find(id.value);
    return found == names->end() ? std::string() : found->second;
  };
  const std::vector<FieldId> own = extras(caller.user.agency);
  Json list = Json::array();
  for (const Record& record : page->records) list.push(records::record_json(record, catalogue_, own, email_of));
  co_return answer(200, Json::object({{"customers", std::move(list)}, {"nextCursor", text_or_null(page->next_cursor)}, {"total", page->total}}));
}

Task<net::Response> Api::create_customer(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return net::problem(body.error());
  records::RecordInput input = records::read_record(*body, catalogue_, extras(caller.user.agency), records::Completeness::whole);
  Record record{.agency = caller.user.agency, .owner = caller.user.id, .fields = std::move(input.set)};
  if (input.owner) {
    const auto owner = co_await owner_named(caller, *input.owner);
    if (!owner) co_return net::problem(owner.error());
    if (*owner) record.owner = **owner;
    else input.problems.push_back({"owner", std::string(kBadOwner)});
  }
  if (!input.problems.empty()) co_return field_problems(400, input.problems);
  auto made = co_await store_.create_record(caller.scope, std::move(record));
  if (!made) co_return net::problem(made.error());
  const std::string location = "/api/insurance/customers/" + made->public_id;
  net::Response response = co_await answer_record(201, std::move(*made));
  response.headers.emplace_back("Location", location);
  co_return response;
}

Task<net::Response> Api::get_customer(const Request& request, const Caller& caller) {
  auto record = co_await store_.get_record(caller.scope, id_of(request));
  if (!record) co_return store_problem(record.error(), kWhat);
  co_return co_await answer_record(200, std::move(*record));
}

Task<net::Response> Api::write_customer(const Request& request, const Caller& caller, bool replace) {
  // A foreign id is 404 before anything else.
  const auto present = co_await store_.get_record(caller.scope, id_of(request));
  if (!present) co_return store_problem(present.error(), kWhat);
  const auto version = read_if_match(request);
  if (!version) co_return net::problem(version.error());
  const auto body = read_body(request);
  if (!body) co_return net::problem(body.error());
  records::RecordInput input = records::read_record(*body, catalogue_, extras(caller.user.agency),
                                                    replace ? records::Completeness::whole : records::Completeness::part);
  store::FieldPatch patch{.set = std::move(input.set), .replace = replace};
  if (input.owner) {
    const auto owner = co_await owner_named(caller, *input.owner);
    if (!owner) co_return net::problem(owner.error());
    if (*owner) patch.owner = **owner;
    else input.problems.push_back({"owner", std::string(kBadOwner)});
  }
  if (!input.problems.empty()) co_return field_problems(400, input.problems);
  store::RecordWrite write{.scope = caller.scope, .public_id = id_of(request), .if_version = *version};
  auto record = co_await store_.update_record(std::move(write), std::move(patch));
  if (!record) co_return store_problem(record.error(), kWhat);
  co_return co_await answer_record(200, std::move(*record));
}

Task<net::Response> Api::put_customer(const Request& request, const Caller& caller) {
  co_return co_await write_customer(request, caller, true);
}

Task<net::Response> Api::patch_customer(const Request& request, const Caller& caller) {
  co_return co_await write_customer(request, caller, false);
}

Task<net::Response> Api::delete_customer(const Request& request, const Caller& caller) {
  const auto present = co_await store_.get_record(caller.scope, id_of(request));
  if (!present) co_return store_problem(present.error(), kWhat);
  const auto version = read_if_match(request);
  if (!version) co_return net::problem(version.error());
  store::RecordWrite write{.scope = caller.scope, .public_id = id_of(request), .if_version = *version};
  const Status gone = co_await store_.delete_record(std::move(write));
  if (!gone) co_return store_problem(gone.error(), kWhat);
  co_return no_content();
}

Task<net::Response> Api::restore_customer(const Request& request, const Caller& caller) {
  const auto version = read_if_match(request);
  if (!version) co_return net::problem(version.error());
  store::RecordWrite write{.scope = caller.scope, .public_id = id_of(request), .if_version = *version};
  auto record = co_await store_.restore_record(std::move(write));
  if (!record) co_return store_problem(record.error(), kWhat);
  co_return co_await answer_record(200, std::move(*record));
}

Task<net::Response> Api::patch_customers(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return net::problem(body.error());
  auto ids = read_ids(*body);
  if (!ids) co_return field_problems(400, {{"ids", "ids must be a list of ids that is not empty"}});
  if (!(*body)["set"].if_object()) co_return field_problems(400, {{"set", "set must be an object of fields"}});
  records::RecordInput input = records::read_record((*body)["set"], catalogue_, extras(caller.user.agency), records::Completeness::part);
  store::FieldPatch patch{.set = std::move(input.set)};
  if (input.owner) {
    const auto owner = co_await owner_named(caller, *input.owner);
    if (!owner) co_return net::problem(owner.error());
    if (*owner) patch.owner = **owner;
    else input.problems.push_back({"owner", std::string(kBadOwner)});
  }
  if (!input.problems.empty()) co_return field_problems(400, input.problems);
  const auto report = co_await store_.update_records(caller.scope, std::move(*ids), std::move(patch));
  if (!report) co_return store_problem(report.error(), kWhat);
  co_return bulk_answer(*report);
}

Task<net::Response> Api::delete_customers(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return net::problem(body.error());
  auto ids = read_ids(*body);
  if (!ids) co_return field_problems(400, {{"ids", "ids must be a list of ids that is not empty"}});
  const auto report = co_await store_.delete_records(caller.scope, std::move(*ids));
  if (!report) co_return store_problem(report.error(), kWhat);
  co_return bulk_answer(*report);
}

Task<net::Response> Api::import_customers(const Request& request, const Caller& caller) {
  const bool skip_bad = read_flag(request, "skip_bad");
  const auto people = co_await store_.users(caller.user.agency);
  if (!people) co_return net::problem(people.error());
  const auto owner_of = [&](std::string_view email) -> std::optional<UserId> {
    for (const store::User& user : *people)
      if (user.email == email && user.role != store::Role::admin && caller.scope.covers(user.id)) return user.id;
    return std::nullopt;
  };
  records::ImportInput input = records::read_import(request.body, catalogue_, extras(caller.user.agency), owner_of);
  const std::string_view refused = "the file was not imported; see errors";
  if (input.header_is_bad || (!input.errors.empty() && !skip_bad))
    co_return problem_with(422, refused, "invalid_input", errors_json(input.errors));
  const store::ImportOptions options{.dry_run = read_flag(request, "dry_run"), .skip_bad = skip_bad};
  auto report = co_await store_.import_records(caller.scope, std::move(input.lines), options);
  if (!report) co_return net::problem(report.error());
  report->errors.insert(report->errors.end(), input.errors.begin(), input.errors.end());
  std::sort(report->errors.begin(), report->errors.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  if (!report->errors.empty() && !skip_bad)
    co_return problem_with(422, refused, "invalid_input", errors_json(report->errors));
  Json out = Json::object({{"added", report->added}, {"updated", report->updated}, {"unchanged", report->unchanged}});
  if (skip_bad) out.set("errors", errors_json(report->errors));
  co_return answer(200, out);
}

Task<net::Response> Api::export_customers(const Request&, const Caller& caller) {
  const auto names = co_await emails(caller.user.agency, {UserId{-1}});  // nobody has that id: read anew
  if (!names) co_return net::problem(names.error());
  // Shared with the database thread, which may outlive a request whose client has gone.
  struct Out {
    std::string text;
    Emails names;
    std::vector<FieldId> own;
  };
  const auto out = std::make_shared<Out>(Out{.names = *names, .own = extras(caller.user.agency)});
  records::append_export_header(out->text, catalogue_, out->own);
  std::function<void(const Record&)> each = [out](const Record& record) {
    const auto owner = out->names.find(record.owner.value);
    records::append_export_record(out->text, out->own, record, owner == out->names.end() ? std::string_view() : std::string_view(owner->second));
  };
  const Status done = co_await store_.for_each_record(caller.scope, std::move(each));
  if (!done) co_return net::problem(done.error());
  net::Response response{.content_type = "text/csv; charset=utf-8", .body = std::move(out->text)};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"customers.csv\"");
  co_return response;
}

Task<net::Response> Api::activity(const Request& request, const Caller& caller) {
  const auto limit = read_limit(request, 50);
  if (!limit) co_return net::problem(limit.error());
  const auto page = co_await store_.activity(caller.scope, *limit, read_cursor(request));
  if (!page) co_return net::problem(page.error());
  std::vector<UserId> people;
  for (const store::Activity& entry : page->entries) people.push_back(entry.user);
  const auto names = co_await emails(caller.user.agency, std::move(people));
  if (!names) co_return net::problem(names.error());
  Json list = Json::array();
  for (const store::Activity& entry : page->entries) {
    const auto user = names->find(entry.user.value);
    list.push(Json::object({{"id", std::to_string(entry.id)}, {"at", to_iso8601(entry.at)},
                            {"user", user == names->end() ? Json() : Json(user->second)}, {"what", entry.what},
                            {"text", entry.text}, {"record", text_or_null(entry.record)},
                            {"job", entry.job ? Json(std::to_string(entry.job.value)) : Json()}}));
  }
  co_return answer(200, Json::object({{"activity", std::move(list)}, {"nextCursor", text_or_null(page->next_cursor)}}));
}

Task<net::Response> Api::history(const Request& request, const Caller& caller) {
  const auto limit = read_limit(request, 50);
  if (!limit) co_return net::problem(limit.error());
  const std::string* record = request.query_value("record");
  JobId job;
  if (const std::string* text = request.query_value("job"); text && !text->empty()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), job.value);
    if (error != std::errc() || end != text->data() + text->size()) co_return no_such("job");
  }
  const auto page = co_await store_.history(caller.scope, record ? *record : std::string(), job, *limit, read_cursor(request));
  if (!page) co_return store_problem(page.error(), kWhat);
  std::vector<UserId> people;
  for (const store::HistoryEntry& entry : page->entries) people.push_back(entry.user);
  const auto names = co_await emails(caller.user.agency, std::move(people));
  if (!names) co_return net::problem(names.error());
  Json list = Json::array();
  for (const store::HistoryEntry& entry : page->entries) {
    const auto user = names->find(entry.user.value);
    list.push(Json::object({{"id", std::to_string(entry.id)}, {"record", text_or_null(entry.record)},
                            {"job", entry.job ? Json(std::to_string(entry.job.value)) : Json()}, {"at", to_iso8601(entry.at)},
                            {"user", user == names->end() ? Json() : Json(user->second)}, {"side", entry.side},
                            {"what", entry.what}, {"tab", text_or_null(entry.tab)}, {"field", text_or_null(entry.field)},
                            {"row", entry.row > 0 ? Json(entry.row) : Json()}, {"before", entry.before}, {"after", entry.after}}));
  }
  co_return answer(200, Json::object({{"history", std::move(list)}, {"nextCursor", text_or_null(page->next_cursor)}}));
}

}  // namespace rowlane::api
