#include "sheets/local/batch.hpp"

#include <fmt/format.h>

namespace rowlane::sheets::local {

std::uint64_t Draws::draw() {
  if (random_) {
    values_.push_back(random_->next_u64());
    return values_.back();
  }
  // A log that lacks draws was cut short or is another program's; going on with a fixed value keeps it
  // readable.
  return at_ < values_.size() ? values_[at_++] : at_++;
}

ApiStatus check_cell_count(const Book& book) {
  if (book.cell_count() <= kCellsMax) return {};
  return refuse(fmt::format(
      "This action would increase the number of cells in the workbook above the limit of {} cells.", kCellsMax));
}

Api<Json> apply_batch(Batch batch, const Json::Array& requests) {
  if (requests.empty()) return refuse("Must specify at least one request.");
  Json::Array replies;
  replies.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Json::Object* request = requests[i].if_object();
    if (!request || request->empty()) return refuse(fmt::format("Invalid requests[{}]: No request set.", i));
    const auto& [kind, inner] = request->front();
    RequestHandler handler = nullptr;
    for (const auto find :
         {find_cell_request, find_dimension_request, find_metadata_request, find_sheet_request, find_block_request}) {
      handler = find(kind);
      if (handler) break;
    }
    if (!handler)
      return refuse(
          fmt::format("Invalid requests[{}].{}: This request is not supported by the local Sheets service.", i, kind));
    auto reply = handler(batch, inner);
    if (!reply) {
      ApiError error = std::move(reply).error();
      error.message = fmt::format("Invalid requests[{}].{}: {}", i, kind, error.message);
      return std::unexpected(std::move(error));
    }
    replies.push_back(std::move(*reply));
  }
  return Json(std::move(replies));
}

}  // namespace rowlane::sheets::local
