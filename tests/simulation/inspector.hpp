// Compares a simulated office with what it must be: the sheet cell by cell, the badges, the history and the counts. It
// reads the database and the sheet directly, and shares no code with what it judges.
#pragma once

#include "simulation/world.hpp"

namespace rowlane::simulation {

class Inspector {
 public:
  explicit Inspector(World& world) : world_(world) {}

  // Each "" when all is well, else what is wrong.
  [[nodiscard]] std::string check() const;
  [[nodiscard]] std::string check_badges() const;

  // The record is to leave the tab: deleted, or of another tab by now.
  [[nodiscard]] bool goes(const std::string& id, const SimTab& tab) const;
  // Times that a sync took the record's row out of the tab.
  [[nodiscard]] int leavings(const std::string& id, const SimTab& tab) const;

 private:
  struct Stored {
    std::int64_t id = 0;
    std::string public_id;
    bool is_deleted = false;
    std::string sync;
    std::string name, policy, vertical;
    double premium = 0;
    [[nodiscard]] const SimTab& home() const { return vertical == "life" ? kLife : kGeneral; }
  };
  struct Entry {
    std::int64_t record = 0, job = 0;
    std::string what, tab, field, before, after;
  };
  [[nodiscard]] std::vector<Stored> records() const;
  [[nodiscard]] std::vector<Entry> history() const;
  [[nodiscard]] std::string check_row(const Stored& record, const SheetView& view) const;
  [[nodiscard]] std::string check_records() const;
  [[nodiscard]] std::string check_lanes() const;
  [[nodiscard]] std::string check_history() const;
  [[nodiscard]] std::string check_chain(const Stored& record, const SimTab& tab, const std::vector<Entry>& all) const;
  [[nodiscard]] std::string check_counts() const;
  [[nodiscard]] std::string check_remarks() const;

  World& world_;
};

}  // namespace rowlane::simulation
