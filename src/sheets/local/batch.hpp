// One batchUpdate on a book: request after request, each either done or refused. The caller works on a copy
// and keeps it only when all went well.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "sheets/local/book.hpp"
#include "sheets/local/json_edge.hpp"

namespace rowlane::sheets::local {

// Chance that is written down, so that a replay of the log makes the same ids.
class Draws {
 public:
  // Draws from `random` and records.
  explicit Draws(Random& random) : random_(&random) {}
  // Gives what was recorded.
  explicit Draws(std::vector<std::uint64_t> recorded) : values_(std::move(recorded)) {}
  std::uint64_t draw();
  [[nodiscard]] const std::vector<std::uint64_t>& values() const { return values_; }

 private:
  Random* random_ = nullptr;
  std::vector<std::uint64_t> values_;
  std::size_t at_ = 0;
};

struct Batch {
  Book& book;
  Draws& draws;
  // An id in [1, 2^31) for which `taken` is false.
  template <class F>
  std::int64_t new_id(F&& taken) {
    while (true) {
      const auto id = static_cast<std::int64_t>(draws.draw() % 0x7fffffff) + 1;
      if (!taken(id)) return id;
    }
  }
};

// Applies `requests` (already checked against the schema). The list of replies.
Api<Json> apply_batch(Batch batch, const Json::Array& requests);

// The requests by kind: each gets the inner message and gives its reply ({} for most).
using RequestHandler = Api<Json> (*)(Batch& batch, const Json& request);
RequestHandler find_sheet_request(std::string_view kind);      // tabs, properties, filters, protections, names
RequestHandler find_dimension_request(std::string_view kind);  // rows and columns
RequestHandler find_cell_request(std::string_view kind);       // cells
RequestHandler find_block_request(std::string_view kind);      // moving blocks of cells
RequestHandler find_metadata_request(std::string_view kind);   // developer metadata

inline Json empty_reply() { return Json(Json::Object{}); }
// Refuses when the book would hold more than 10 million cells.
ApiStatus check_cell_count(const Book& book);

}  // namespace rowlane::sheets::local
