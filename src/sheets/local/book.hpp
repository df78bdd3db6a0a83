// One spreadsheet as a value: copying it is cheap (rows are shared), so a batch works on a copy and takes its
// place when all of it went well. Rows and columns are 1-based.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"
#include "sheets/local/api_error.hpp"
#include "sheets/local/area.hpp"
#include "sheets/local/formula.hpp"
#include "sheets/local/grid.hpp"

namespace rowlane::sheets::local {

// Cell formats in use, each once. Only grows; shared by all copies of a book.
class FormatPool {
 public:
  struct Entry {
    Json json;                  // userEnteredFormat, never empty
    std::string type, pattern;  // of its numberFormat
    std::string key;
  };
  // 0 for null and {}.
  std::uint32_t intern(const Json& format);
  [[nodiscard]] const Entry& at(std::uint32_t index) const { return *entries_[index]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

 private:
  std::vector<std::unique_ptr<Entry>> entries_ = make_first();
  std::unordered_map<std::string, std::uint32_t> index_;
  static std::vector<std::unique_ptr<Entry>> make_first();
};

struct ColumnInfo {
  bool hidden = false;
  std::optional<int> pixel_size;
  friend bool operator==(const ColumnInfo&, const ColumnInfo&) = default;
};

// Something that lies on a range and is otherwise kept as given.
struct Placed {
  Area area;
  Json::Object rest;  // all members but the range
};

struct Sheet {
  std::int64_t id = 0;
  std::string title;
  int row_count = 1000, column_count = 26;
  Json::Object properties;       // further SheetProperties (hidden, tabColorStyle, ...)
  Json::Object grid_properties;  // further GridProperties (frozenRowCount, ...)
  RowTable rows;
  std::map<int, ColumnInfo> columns;  // those that differ from the default
  std::vector<Area> merges;
  std::optional<Placed> filter;     // basic filter
  std::vector<Placed> protections;  // rest has protectedRangeId
};

struct Metadata {
  enum class Place : std::uint8_t { spreadsheet, sheet, row, column };
  std::int64_t id = 0;
  std::string key, value;
  bool has_value = false;
  std::string visibility = "DOCUMENT";
  Place place{};
  std::int64_t sheet_id = 0;
  int position = 0;  // of rows and columns
};

struct NamedRange {
  std::string id, name;
  Area area;
};

struct Book final : TabNames {
  std::string id;
  std::string title = "Untitled spreadsheet", locale = "en_US", time_zone = "Etc/GMT";
  Json::Object properties;  // further SpreadsheetProperties, as given
  std::vector<Sheet> sheets;
  std::vector<Metadata> metadata;
  std::vector<NamedRange> names;
  std::shared_ptr<FormatPool> formats = std::make_shared<FormatPool>();

  [[nodiscard]] const Sheet* sheet(std::int64_t sheet_id) const;
  [[nodiscard]] Sheet* sheet(std::int64_t sheet_id);
  [[nodiscard]] const Sheet* sheet_by_title(std::string_view sheet_title) const;  // as Google: ignoring case
  [[nodiscard]] std::optional<std::int64_t> tab_id(std::string_view sheet_title) const override;
  [[nodiscard]] std::optional<std::string> tab_title(std::int64_t sheet_id) const override;
  [[nodiscard]] std::int64_t cell_count() const;
  [[nodiscard]] const NamedRange* named_range(std::string_view name) const;

  // "Sheet1!A1:B2", "Sheet1", "A1:B2" (of the first tab), a named range. Google's "Unable to parse range:
  // ..." or "Range (...) exceeds grid limits. ..." when refused. The area may have open ends.
  [[nodiscard]] Api<Area> resolve_a1(std::string_view text) const;
  // With open ends cut to the grid.
  [[nodiscard]] Area bounded(Area area) const;
  // "Sheet1!A1:C5".
  [[nodiscard]] std::string a1(const Area& area) const;
};

// Moves everything that lies on `sheet_id` along with a structural change: merges, filter, protections, named
// ranges, metadata, and the references of all formulas. The rows themselves are the caller's.
void follow_shift(Book& book, std::int64_t sheet_id, Axis axis, const Shift& shift);
// The references of all formulas, as `change` says: it gets the reference and the tab that it points to.
void rewrite_refs(Book& book, const std::function<bool(Ref& ref, std::int64_t target)>& change);

inline constexpr std::int64_t kCellsMax = 10'000'000;
inline constexpr int kColumnsMax = 18'278;
inline constexpr std::size_t kCellCharactersMax = 50'000;

}  // namespace rowlane::sheets::local
