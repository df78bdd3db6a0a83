// The few Drive v3 calls: a file's properties, the list of files, the change feed.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "sheets/local/impl.hpp"

namespace rowlane::sheets::local {

net::Response drive_error(int code, std::string reason, std::string message) {
  Json errors = Json::array();
  errors.push(Json::object({{"domain", "global"}, {"reason", std::move(reason)}, {"message", message}}));
  net::Response out = json_response(
      Json::object(
          {{"error", Json::object({{"errors", std::move(errors)}, {"code", code}, {"message", std::move(message)}})}})
          .dump());
  out.status = code;
  return out;
}

namespace {

constexpr std::string_view kMimeType = "application/vnd.google-apps.spreadsheet";

Json file_json(const StoredBook& stored) {
  return Json::object({{"kind", "drive#file"},
                       {"id", stored.book.id},
                       {"name", stored.book.title},
                       {"mimeType", kMimeType},
                       {"trashed", false},
                       {"version", std::to_string(stored.version)},
                       {"createdTime", to_iso8601(stored.created)},
                       {"modifiedTime", to_iso8601(stored.modified)},
                       {"webViewLink", fmt::format("https://docs.google.com/spreadsheets/d/{}/edit", stored.book.id)}});
}

// What Drive gives of a file when `fields` does not say.
FieldMask usual_file() {
  FieldMask mask;
  for (const char* name : {"kind", "id", "name", "mimeType"}) mask.add(name);
  return mask;
}

std::optional<std::int64_t> whole_number(const std::string* text) {
  std::int64_t value = 0;
  if (!text || text->empty() ||
      std::from_chars(text->data(), text->data() + text->size(), value).ptr != text->data() + text->size())
    return std::nullopt;
  return value;
}

}  // namespace

net::Response LocalSheets::Impl::drive(const net::Request& request, const CallContext& context, const CallInfo& info) {
  const bool checked = options.require_token && !context.trusted;
  if (checked) {
    const std::string_view authorization = request.header("authorization");
    if (!tokens.account(authorization, clock.now())) return drive_error(401, "authError", "Invalid Credentials");
    if (!tokens.may_use_sheets(authorization))
      return drive_error(403, "insufficientPermissions",
                         "Insufficient Permission: Request had insufficient authentication scopes.");
  }
  if (request.method != "GET") return drive_error(404, "notFound", "Not Found");
  const auto visible = [&](const Held& held) {
    return !checked || held.stored.shared_with.contains(info.account) || held.stored.shared_with.contains("*");
  };
  QueryMask mask;
  if (const std::string* fields = request.query_value("fields"); fields && !fields->empty()) {
    auto read = FieldMask::parse(*fields);
    if (!read) return drive_error(400, "invalidParameter", fmt::format("Invalid field selection {}", *fields));
    mask = QueryMask{true, std::move(*read)};
  }
  std::string path = request.path;
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (!info.spreadsheet_id.empty()) {
    const Held* held = find(info.spreadsheet_id);
    // Drive tells nobody that a file exists which is not shared with them.
    if (!held || !visible(*held))
      return drive_error(404, "notFound", fmt::format("File not found: {}.", info.spreadsheet_id));
    return json_response((mask.given ? mask.mask : usual_file()).filter(file_json(held->stored)).dump());
  }
  if (path == "/drive/v3/files") {
    const FieldMask* inner = mask.mask.below("files");
    const FieldMask one = mask.given && inner ? *inner : usual_file();
    Json files = Json::array();
    for (const auto& [id, held] : books)
      if (visible(*held)) files.push(one.filter(file_json(held->stored)));
    return json_response(
        mask.mask
            .filter(
                Json::object({{"kind", "drive#fileList"}, {"incompleteSearch", false}, {"files", std::move(files)}}))
            .dump());
  }
  const std::int64_t next = feed_start + static_cast<std::int64_t>(changed.size());
  if (path == "/drive/v3/changes/startPageToken")
    return json_response(
        mask.mask.filter(Json::object({{"kind", "drive#startPageToken"}, {"startPageToken", std::to_string(next)}}))
            .dump());
  if (path == "/drive/v3/changes") {
    const auto token = whole_number(request.query_value("pageToken"));
    if (!token || *token < 1 || *token > next) return drive_error(400, "invalid", "Invalid Value");
    const std::int64_t size =
        std::clamp<std::int64_t>(whole_number(request.query_value("pageSize")).value_or(100), 1, 1000);
    // A file that changed often comes once, at its latest change.
    std::int64_t at = std::max(*token, feed_start);
    std::vector<std::string> ids;
    std::set<std::string> seen;
    // From before what is remembered (a restart): every file may have changed.
    if (*token < feed_start)
      for (const auto& [id, held] : books)
        if (seen.insert(id).second) ids.push_back(id);
    for (; at < next && static_cast<std::int64_t>(ids.size()) < size; ++at) {
      const std::string& id = changed[static_cast<std::size_t>(at - feed_start)];
      if (seen.insert(id).second) ids.push_back(id);
    }
    const FieldMask* inner = mask.mask.below("changes");
    Json changes = Json::array();
    for (const std::string& id : ids) {
      const Held* held = find(id);
      const bool gone = !held || !visible(*held);
      if (checked && gone && held) continue;
      Json one = Json::object({{"kind", "drive#change"},
                               {"changeType", "file"},
                               {"fileId", id},
                               {"removed", gone},
                               {"time", to_iso8601(gone ? clock.now() : held->stored.modified)}});
      if (!gone) one.set("file", mask.given ? file_json(held->stored) : usual_file().filter(file_json(held->stored)));
      changes.push(inner ? inner->filter(one) : one);
    }
    Json out = Json::object({{"kind", "drive#changeList"}});
    out.set(at < next ? "nextPageToken" : "newStartPageToken", std::to_string(at));
    out.set("changes", std::move(changes));
    return json_response(mask.mask.filter(out).dump());
  }
  return drive_error(404, "notFound", "Not Found");
}

}  // namespace rowlane::sheets::local
