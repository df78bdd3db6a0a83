// The people who work in the spreadsheet while it is synced: what they do, and what must still be there of it in the
// end.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "base/random.hpp"
#include "sheets/local/local_sheets.hpp"

namespace rowlane::simulation {

// Acts that people are not made to do, since a write that meets them is not undone exactly yet. This list is to become
// empty.
enum class Spared {
  shift_where_rows_go,                // rows put in or dragged in a tab while a row of it is being deleted
  move_in_two_writes,                 // rows or columns moved in the midst of two writes that follow each other
  fail_while_moved_rows_are_settled,  // a call, the disk or the server that fails before the write behind such a one
  type_into_rows_that_go,             // a remark beside a row that is about to be deleted
  type_where_the_first_row_comes,     // a row typed below the headers of a tab that has none yet
  type_between_read_and_write,        // nothing moves between a person's typing and the next read
};
inline constexpr Spared kSpared[] = {Spared::shift_where_rows_go,
                                     Spared::move_in_two_writes,
                                     Spared::fail_while_moved_rows_are_settled,
                                     Spared::type_into_rows_that_go,
                                     Spared::type_where_the_first_row_comes,
                                     Spared::type_between_read_and_write};
inline bool is_spared(Spared act) { return std::ranges::find(kSpared, act) != std::end(kSpared); }

inline constexpr const char* kBook = "book";
inline constexpr const char* kIdColumn = "ROWLANE ID";
inline constexpr int kGridRows = 60;

struct SimTab {
  const char* key;
  const char* title;
  std::int64_t sheet_id;
};
inline constexpr SimTab kGeneral{"general", "general_ins", 7}, kLife{"life", "Life_ins", 9};
inline constexpr const SimTab* kTabs[] = {&kGeneral, &kLife};

// A tab as people see it. Rows and columns are 1-based.
struct SheetView {
  std::vector<std::vector<std::string>> rows;
  int header_row = 1;
  std::map<std::string, int> columns;  // by header

  [[nodiscard]] int last_row() const { return static_cast<int>(rows.size()); }
  // "" where there is nothing, or no such header.
  [[nodiscard]] std::string at(int row, const std::string& header) const;
  [[nodiscard]] std::vector<int> rows_with(const std::string& header, const std::string& text) const;
};

class People {
 public:
  using Tell = std::function<void(const std::string&)>;
  // Both outlive the people. `tell`: what they do, in words.
  People(sheets::local::LocalSheets& service, Random& random, Tell tell);

  [[nodiscard]] SheetView look(const SimTab& tab) const;
  // In the midst of a write: rows or columns are inserted, deleted, sorted or moved in one tab. As sub-requests of a
  // batchUpdate; empty for nothing. `going`: rows that the write deletes, by sheet id.
  Json::Array disturb(const std::map<std::int64_t, std::set<int>>& going);
  // A row of a person's own below the data.
  void type_row(const SimTab& tab);
  // A remark beside a row of a person's own or of a record. `goes`: the record is to leave the tab.
  void type_remark(const SimTab& tab, const std::function<bool(const std::string& id)>& goes,
                   const std::function<int(const std::string& id, const SimTab&)>& leavings);
  void read_took_place() { typed_since_read_ = false; }
  void write_took_place(bool disturbed) { disturbed_last_write_ = disturbed; }
  [[nodiscard]] bool may_move() const;
  [[nodiscard]] bool may_fail() const {
    return !(disturbed_last_write_ && is_spared(Spared::fail_while_moved_rows_are_settled));
  }

  // Times that people deleted the row of a record in a tab.
  [[nodiscard]] int deleted(const std::string& id, const SimTab& tab) const;

  struct Remark {
    std::string text;
    int leavings = 0;  // times that the record's row had gone from the tab when it was typed
  };
  // By record and tab key; what still has to stand beside the row, or in the history.
  [[nodiscard]] const std::map<std::pair<std::string, std::string>, Remark>& remarks() const { return remarks_; }
  // "" when people's own rows are whole and once.
  [[nodiscard]] std::string check() const;

 private:
  struct OwnRow {
    const SimTab* tab;
    std::string name, mobile, amount, remark;
  };
  struct Shape {
    int inserted_columns = 0, inserted_above = 0;
  };
  void apply(const Json::Array& requests);
  void note_deleted_row(const SimTab& tab, const SheetView& view, int row);
  Json::Array insert_rows(const SimTab& tab, int row);
  Json::Array sort(const SimTab& tab, const SheetView& view);

  sheets::local::LocalSheets& service_;
  Random& random_;
  Tell tell_;
  std::map<std::string, OwnRow> own_;  // by name
  std::map<std::pair<std::string, std::string>, Remark> remarks_;
  std::map<std::pair<std::string, std::string>, int> deleted_;
  std::map<std::string, Shape> shapes_;  // by tab key
  int next_person_ = 1;
  bool typed_since_read_ = false;
  bool disturbed_last_write_ = false;
};

}  // namespace rowlane::simulation
