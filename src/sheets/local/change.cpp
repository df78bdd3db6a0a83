// Changes of spreadsheets: made on a copy, written to the log, then put in place; and made again at start.
#include <fmt/format.h>

#include "base/log.hpp"
#include "sheets/local/impl.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {

Json area_body(const Area& area) {
  Json out = Json::array();
  for (const int part : {area.row_first, area.column_first, area.row_last, area.column_last}) out.push(part);
  return Json::object({{"sheet", area.sheet_id}, {"cells", std::move(out)}});
}
Area read_area_body(const Json& body) {
  Area area{.sheet_id = int_or(body, "sheet", 0)};
  if (const Json::Array* parts = body["cells"].if_array(); parts && parts->size() == 4) {
    area.row_first = static_cast<int>((*parts)[0].as_int().value_or(1));
    area.column_first = static_cast<int>((*parts)[1].as_int().value_or(1));
    area.row_last = static_cast<int>((*parts)[2].as_int().value_or(1));
    area.column_last = static_cast<int>((*parts)[3].as_int().value_or(1));
  }
  return area;
}
bool flag(const Json& body, const char* name) { return body[name].if_bool() && *body[name].if_bool(); }

Api<Json> change_values(Book& book, const Json& body) {
  Json::Array replies;
  for (const Json& one : *body.if_array()) {
    const Area area = read_area_body(one["area"]);
    if (flag(one, "clear")) {
      replies.push_back(area_body(clear_values(book, area)));
      continue;
    }
    const ValueWrite write{.area = area,
                           .values = one["values"],
                           .by_columns = flag(one, "byColumns"),
                           .typed = flag(one, "typed"),
                           .append = flag(one, "append"),
                           .insert_rows = flag(one, "insertRows")};
    auto done = write_values(book, write);
    if (!done) return std::unexpected(std::move(done).error());
    Json reply = Json::object(
        {{"area", area_body(done->updated)}, {"rows", done->rows}, {"columns", done->columns}, {"cells", done->cells}});
    if (done->table) reply.set("table", area_body(*done->table));
    replies.push_back(std::move(reply));
  }
  return Json(std::move(replies));
}

}  // namespace

Api<Json> LocalSheets::Impl::make_change(StoredBook& stored, const std::string& kind, const Json& body, Draws& draws) {
  if (kind == "batch") return apply_batch(Batch{stored.book, draws}, *body.if_array());
  if (kind == "values") return change_values(stored.book, body);
  stored.shared_with.clear();  // "share": the whole list
  for (const Json& address : *body.if_array()) stored.shared_with.insert(address.string_or());
  return Json{};
}

Status LocalSheets::Impl::load() {
  return storage.load([this](StoredBook stored, const std::vector<Change>& changes) -> Status {
    auto held = std::make_unique<Held>();
    held->stored = std::move(stored);
    for (const Change& past : changes) {
      Draws draws(past.draws);
      if (!past.body.if_array() || !make_change(held->stored, past.kind, past.body, draws))
        return fail(Errc::corrupt, "a stored change of spreadsheet " + held->stored.book.id + " cannot be made again");
      ++held->stored.version;
      if (past.kind != "share") held->stored.modified = past.at;
    }
    const std::string id = held->stored.book.id;
    // A page token counts all changes of all spreadsheets, so it goes on rising over a restart.
    feed_start += held->stored.version;
    books[id] = std::move(held);
    return {};
  });
}

LocalSheets::Impl::Held* LocalSheets::Impl::find(std::string_view id) {
  const auto found = books.find(id);
  return found == books.end() ? nullptr : found->second.get();
}

void LocalSheets::Impl::note_change(const std::string& id) {
  changed.push_back(id);
  if (changed.size() > 100'000) {
    changed.pop_front();
    ++feed_start;
  }
}

Api<Json> LocalSheets::Impl::change(Held& held, const std::string& kind, Json body, const Check& check) {
  StoredBook next = held.stored;
  Draws draws(random);
  auto reply = make_change(next, kind, body, draws);
  if (!reply) return reply;
  if (check)
    if (auto fine = check(next.book); !fine) return std::unexpected(std::move(fine).error());
  ++next.version;
  const WallTime now = clock.now();
  if (kind != "share") next.modified = now;
  const Change made{.kind = kind, .body = std::move(body), .draws = draws.values(), .at = now};
  if (const Status kept = storage.append(next.book.id, next.version, made); !kept) {
    log_error("local sheets: a change could not be stored: {}", kept.error().message);
    return refuse(500, "INTERNAL", "Internal error encountered.");
  }
  held.evaluator.reset();
  held.stored = std::move(next);
  note_change(held.stored.book.id);
  if (storage.wants_snapshot(held.stored.book.id))
    if (const Status kept = storage.snapshot(held.stored); !kept)
      log_warning("local sheets: no snapshot: {}", kept.error().message);
  return reply;
}

Api<Json> LocalSheets::Impl::batch(Held& held, const Json::Array& requests, const Check& check) {
  return change(held, "batch", Json(requests), check);
}

void LocalSheets::Impl::edit(const std::string& id, const Json::Array& requests) {
  if (requests.empty()) return;
  Held* held = find(id);
  Json body = Json::object({{"requests", requests}});
  const ApiStatus checked = check_body(body, "BatchUpdate");
  if (!held || !checked)
    return log_warning("local sheets: a scripted edit was not made: {}",
                       checked ? "no such spreadsheet" : checked.error().message);
  if (const auto done = batch(*held, *body["requests"].if_array()); !done)
    log_warning("local sheets: a scripted edit was refused: {}", done.error().message);
}

Result<std::string> LocalSheets::Impl::create(StoredBook stored) {
  Book& book = stored.book;
  if (book.id.empty()) book.id = random_text(random, 44);
  if (books.contains(book.id)) return fail(Errc::conflict, "a spreadsheet with this id exists");
  if (book.sheets.empty()) {
    book.sheets.emplace_back();
    book.sheets.back().title = "Sheet1";
  }
  stored.created = stored.modified = clock.now();
  if (const Status kept = storage.snapshot(stored); !kept) return std::unexpected(kept.error());
  const std::string id = book.id;
  auto held = std::make_unique<Held>();
  held->stored = std::move(stored);
  books[id] = std::move(held);
  note_change(id);
  return id;
}

}  // namespace rowlane::sheets::local
