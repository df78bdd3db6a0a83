// The C++ way in: seeding, a person's edits, and reading cells, for the demo and for tests.
#include <algorithm>

#include "sheets/local/cell_write.hpp"
#include "sheets/local/impl.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {

Cell seed_cell(Book& book, const SeedCell& seed) {
  Cell cell;
  if (!seed.formula.empty()) {
    cell.set_formula(Formula::parse(seed.formula, book));
  } else if (const auto* text = std::get_if<std::string>(&seed.value)) {
    cell.value = text->empty() ? Value{} : Value{*text};
  } else if (const auto* number = std::get_if<double>(&seed.value)) {
    cell.value = *number;
  } else if (const auto* truth = std::get_if<bool>(&seed.value)) {
    cell.value = *truth;
  }
  if (!seed.format_type.empty()) set_number_format(book, cell, seed.format_type, seed.format_pattern);
  if (!seed.note.empty()) cell.set_note(seed.note);
  return cell;
}

CellValue plain(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* error = if_error(value)) return std::string(error_text(*error));
  return {};
}

std::unexpected<Error> from_api(const ApiError& error) {
  return fail(error.code == 404   ? Errc::not_found
              : error.code >= 500 ? Errc::unavailable
                                  : Errc::invalid_input,
              error.message);
}

}  // namespace

Faults& LocalSheets::faults() { return impl_->faults; }
void LocalSheets::set_quota(const QuotaLimits& limits) { impl_->options.quota = limits; }
void LocalSheets::expire_tokens() { impl_->tokens.expire_all(); }
void LocalSheets::set_issuer(const std::string& address, const std::string& public_key_pem) {
  impl_->options.issuers[address] = public_key_pem;
}
const std::deque<LogEntry>& LocalSheets::log() const { return impl_->log; }
void LocalSheets::clear_log() { impl_->log.clear(); }

Result<std::string> LocalSheets::create(const SeedBook& seed) { return impl_->build_and_create(seed); }

Result<std::string> LocalSheets::Impl::build_and_create(const SeedBook& seed) {
  if (!seed.id.empty() && find(seed.id)) return fail(Errc::conflict, "a spreadsheet with this id exists");
  StoredBook stored;
  Book& book = stored.book;
  book.id = seed.id;
  book.title = seed.title;
  book.locale = seed.locale;
  book.time_zone = seed.time_zone;
  stored.shared_with.insert(seed.shared_with.begin(), seed.shared_with.end());
  // Tabs first, cells after: formulas may name any of them.
  for (const SeedTab& tab : seed.tabs) {
    if (book.sheet_by_title(tab.title) || (tab.sheet_id && book.sheet(*tab.sheet_id)))
      return fail(Errc::invalid_input, "two tabs with one title or id", tab.title);
    Sheet sheet;
    sheet.title = tab.title;
    if (tab.sheet_id) {
      sheet.id = *tab.sheet_id;
    } else {
      do sheet.id = static_cast<std::int64_t>(random.next_u64() % 0x7fffffff);
      while (book.sheet(sheet.id));
    }
    sheet.row_count = std::max(tab.rows, static_cast<int>(tab.cells.size()));
    sheet.column_count = tab.columns;
    for (const auto& row : tab.cells) sheet.column_count = std::max(sheet.column_count, static_cast<int>(row.size()));
    if (tab.frozen_rows > 0) sheet.grid_properties.emplace_back("frozenRowCount", tab.frozen_rows);
    book.sheets.push_back(std::move(sheet));
  }
  for (std::size_t t = 0; t < seed.tabs.size(); ++t) {
    int number = 0;
    for (const auto& cells : seed.tabs[t].cells) {
      ++number;
      if (cells.empty()) continue;
      book.sheets[t].rows.update(number, [&](Row& row) {
        row.cells.reserve(cells.size());
        for (const SeedCell& cell : cells) row.cells.push_back(seed_cell(book, cell));
        row.recount();
      });
    }
  }
  return create(std::move(stored));
}

bool LocalSheets::exists(std::string_view id) const { return impl_->find(id) != nullptr; }

std::vector<std::string> LocalSheets::ids() const {
  std::vector<std::string> out;
  for (const auto& [id, held] : impl_->books) out.push_back(id);
  return out;
}

Status LocalSheets::remove(std::string_view id) {
  const auto found = impl_->books.find(id);
  if (found == impl_->books.end()) return fail(Errc::not_found, "no such spreadsheet");
  if (auto gone = impl_->storage.remove(found->first); !gone) return gone;
  impl_->note_change(found->first);
  impl_->books.erase(found);
  return {};
}

Result<Json> LocalSheets::apply(std::string_view id, const Json::Array& requests) {
  Impl::Held* held = impl_->find(id);
  if (!held) return fail(Errc::not_found, "no such spreadsheet");
  Json body = Json::object({{"requests", requests}});
  if (auto checked = check_body(body, "BatchUpdate"); !checked) return from_api(checked.error());
  auto done = impl_->batch(*held, *body["requests"].if_array());
  if (!done) return from_api(done.error());
  return std::move(*done);
}

std::int64_t LocalSheets::version(std::string_view id) const {
  const Impl::Held* held = impl_->find(id);
  return held ? held->stored.version : -1;
}

namespace {
Json address_list(const std::set<std::string>& addresses) {
  Json out = Json::array();
  for (const std::string& address : addresses) out.push(address);
  return out;
}
}  // namespace

Status LocalSheets::share(std::string_view id, const std::string& address) {
  Impl::Held* held = impl_->find(id);
  if (!held) return fail(Errc::not_found, "no such spreadsheet");
  auto addresses = held->stored.shared_with;
  if (!addresses.insert(address).second) return {};
  if (auto done = impl_->change(*held, "share", address_list(addresses)); !done) return from_api(done.error());
  return {};
}

Status LocalSheets::unshare(std::string_view id, const std::string& address) {
  Impl::Held* held = impl_->find(id);
  if (!held) return fail(Errc::not_found, "no such spreadsheet");
  auto addresses = held->stored.shared_with;
  if (addresses.erase(address) == 0) return {};
  if (auto done = impl_->change(*held, "share", address_list(addresses)); !done) return from_api(done.error());
  return {};
}

Result<Json> LocalSheets::get(std::string_view id) {
  Impl::Held* held = impl_->find(id);
  if (!held) return fail(Errc::not_found, "no such spreadsheet");
  std::string out;
  render_spreadsheet(out, held->stored.book, held->eval(), RenderRequest{.grid_data = true});
  return parse_json(out);
}

std::vector<std::string> LocalSheets::tab_titles(std::string_view id) const {
  std::vector<std::string> out;
  if (const Impl::Held* held = impl_->find(id))
    for (const Sheet& sheet : held->stored.book.sheets) out.push_back(sheet.title);
  return out;
}

std::optional<std::int64_t> LocalSheets::tab_id(std::string_view id, std::string_view title) const {
  const Impl::Held* held = impl_->find(id);
  return held ? held->stored.book.tab_id(title) : std::nullopt;
}

Result<CellView> LocalSheets::cell(std::string_view id, std::string_view title, int row, int column) {
  Impl::Held* held = impl_->find(id);
  const Sheet* sheet = held ? held->stored.book.sheet_by_title(title) : nullptr;
  if (!sheet) return fail(Errc::not_found, "no such spreadsheet or tab");
  const Book& book = held->stored.book;
  const Cell* cell = sheet->rows.cell(row, column);
  const Value value = held->eval().value(*sheet, row, column, cell);
  CellView out{.effective = plain(value),
               .is_error = if_error(value) != nullptr,
               .formatted = shown_text(book, held->eval(), *sheet, cell, value)};
  if (!cell) return out;
  out.entered = plain(cell->value);
  if (cell->formula()) out.formula = cell->formula()->text(book);
  const FormatPool::Entry& format = book.formats->at(cell->format);
  out.format_type = format.type;
  out.format_pattern = format.pattern;
  out.note = cell->note();
  return out;
}

Result<std::vector<std::vector<std::string>>> LocalSheets::values(std::string_view id, std::string_view title) {
  Impl::Held* held = impl_->find(id);
  const Sheet* sheet = held ? held->stored.book.sheet_by_title(title) : nullptr;
  if (!sheet) return fail(Errc::not_found, "no such spreadsheet or tab");
  std::string text;
  render_values(text, held->stored.book, held->eval(), Area{.sheet_id = sheet->id}, {});
  const auto json = parse_json(text);
  if (!json) return std::unexpected(json.error());
  std::vector<std::vector<std::string>> out;
  if (const Json::Array* rows = (*json)["values"].if_array())
    for (const Json& row : *rows) {
      out.emplace_back();
      for (const Json& cell : *row.if_array()) out.back().push_back(cell.string_or());
    }
  return out;
}

}  // namespace rowlane::sheets::local
