// Who did what, and what each change was.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

namespace {
Json email_or_null(const std::map<std::int64_t, std::string>& emails, UserId id) {
  const auto found = emails.find(id.value);
  return found == emails.end() ? Json() : Json(found->second);
}

// An owner stands in the history by number, as e-mails may change.
UserId owner_in(const Json& value) { return {value.as_int().value_or(0)}; }
bool is_owner(const store::HistoryEntry& entry) { return entry.field == "owner" && entry.what == "cell"; }

template <class Entry>
std::vector<UserId> users_of(const std::vector<Entry>& entries) {
  std::vector<UserId> out;
  for (const Entry& entry : entries) out.push_back(entry.user);
  return out;
}
}  // namespace

Task<net::Response> Api::activity(const Request& request, const Caller& caller) {
  const auto limit = read_limit(request, 50);
  if (!limit) co_return net::problem(limit.error());
  const auto page = co_await store_.activity(caller.scope, *limit, read_cursor(request));
  if (!page) co_return net::problem(page.error());
  const auto names = co_await emails(caller.user.agency, users_of(page->entries));
  if (!names) co_return net::problem(names.error());
  Json list = Json::array();
  for (const store::Activity& entry : page->entries)
    list.push(Json::object({{"id", std::to_string(entry.id)},
                            {"at", to_iso8601(entry.at)},
                            {"user", email_or_null(*names, entry.user)},
                            {"what", entry.what},
                            {"text", entry.text},
                            {"record", text_or_null(entry.record)},
                            {"job", id_or_null(entry.job)}}));
  co_return answer(200, list_json("activity", std::move(list), page->next_cursor));
}

Task<net::Response> Api::history(const Request& request, const Caller& caller) {
  JobId job;
  if (const std::string* text = request.query_value("job"); text && !text->empty()) {
    const auto id = read_number_id(*text);
    if (!id) co_return no_such("job");
    const auto known = co_await store_.job(caller.scope, {*id});
    if (!known) co_return store_problem(known.error(), "job");
    job = {*id};
  }
  const auto limit = read_limit(request, 50);
  if (!limit) co_return net::problem(limit.error());
  const std::string* record = request.query_value("record");
  const auto page =
      co_await store_.history(caller.scope, record ? *record : std::string(), job, *limit, read_cursor(request));
  if (!page) co_return store_problem(page.error(), "customer");
  std::vector<UserId> people = users_of(page->entries);
  for (const store::HistoryEntry& entry : page->entries)
    if (is_owner(entry)) people.insert(people.end(), {owner_in(entry.before), owner_in(entry.after)});
  const auto names = co_await emails(caller.user.agency, std::move(people));
  if (!names) co_return net::problem(names.error());
  const auto shown = [&](const store::HistoryEntry& entry, const Json& value) {
    return is_owner(entry) ? email_or_null(*names, owner_in(value)) : value;
  };
  Json list = Json::array();
  for (const store::HistoryEntry& entry : page->entries)
    list.push(Json::object({{"id", std::to_string(entry.id)},
                            {"record", text_or_null(entry.record)},
                            {"name", text_or_null(entry.name)},
                            {"job", id_or_null(entry.job)},
                            {"at", to_iso8601(entry.at)},
                            {"user", email_or_null(*names, entry.user)},
                            {"side", entry.side},
                            {"what", entry.what},
                            {"tab", text_or_null(entry.tab)},
                            {"field", text_or_null(entry.field)},
                            {"row", entry.row > 0 ? Json(entry.row) : Json()},
                            {"before", shown(entry, entry.before)},
                            {"after", shown(entry, entry.after)}}));
  co_return answer(200, list_json("history", std::move(list), page->next_cursor));
}

}  // namespace rowlane::api
