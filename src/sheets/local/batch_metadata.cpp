// batchUpdate: developer metadata.
#include <fmt/format.h>

#include <algorithm>

#include "sheets/local/batch.hpp"
#include "sheets/local/field_mask.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {

Api<Json> create_metadata(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& given = request["developerMetadata"];
  Metadata item;
  item.key = given["metadataKey"].string_or();
  if (item.key.empty()) return refuse("developerMetadata.metadataKey must not be empty");
  if (const Json* value = given.find("metadataValue")) {
    item.value = value->string_or();
    item.has_value = true;
  }
  item.visibility = given["visibility"].string_or();
  if (item.visibility != "DOCUMENT" && item.visibility != "PROJECT")
    return refuse("developerMetadata.visibility must be specified");
  if (auto placed = read_metadata_location(book, given["location"], item); !placed)
    return std::unexpected(std::move(placed).error());
  const auto taken = [&](std::int64_t id) {
    return std::ranges::find(book.metadata, id, &Metadata::id) != book.metadata.end();
  };
  if (const auto id = given["metadataId"].as_int()) {
    if (*id < 0) return refuse(fmt::format("developerMetadata.metadataId must be positive, but was {}", *id));
    if (taken(*id)) return refuse(fmt::format("Developer metadata with id {} already exists", *id));
    item.id = *id;
  } else {
    item.id = batch.new_id(taken);
  }
  Json reply = metadata_json(item);
  book.metadata.push_back(std::move(item));
  return Json::object({{"createDeveloperMetadata", Json::object({{"developerMetadata", std::move(reply)}})}});
}

Api<Json> update_metadata(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const std::string fields = request["fields"].string_or();
  auto mask = FieldMask::parse(fields);
  if (fields.empty() || !mask || !check_mask(*mask, "DeveloperMetadata"))
    return refuse(fmt::format("Invalid field: {}", fields));
  const Json::Array* filters = request["dataFilters"].if_array();
  if (!filters || filters->empty()) return refuse("dataFilters must be specified");
  Json::Array changed;
  for (Metadata& item : book.metadata) {
    bool hit = false;
    for (const Json& filter : *filters) {
      const auto matches = metadata_matches(book, item, filter);
      if (!matches) return std::unexpected(matches.error());
      hit = hit || *matches;
    }
    if (!hit) continue;
    Json next = metadata_json(item);
    apply_masked(next, request["developerMetadata"], *mask);
    item.key = next["metadataKey"].string_or();
    item.has_value = next.find("metadataValue") != nullptr;
    item.value = next["metadataValue"].string_or();
    item.visibility = next["visibility"].string_or(item.visibility);
    if (mask->takes("location"))
      if (auto placed = read_metadata_location(book, next["location"], item); !placed)
        return std::unexpected(std::move(placed).error());
    changed.push_back(metadata_json(item));
  }
  return Json::object({{"updateDeveloperMetadata", Json::object({{"developerMetadata", std::move(changed)}})}});
}

Api<Json> delete_metadata(Batch& batch, const Json& request) {
  Book& book = batch.book;
  Json::Array deleted;
  std::vector<Metadata> kept;
  for (const Metadata& item : book.metadata) {
    const auto matches = metadata_matches(book, item, request["dataFilter"]);
    if (!matches) return std::unexpected(matches.error());
    if (*matches)
      deleted.push_back(metadata_json(item));
    else
      kept.push_back(item);
  }
  book.metadata = std::move(kept);
  return Json::object({{"deleteDeveloperMetadata", Json::object({{"deletedDeveloperMetadata", std::move(deleted)}})}});
}

}  // namespace

RequestHandler find_metadata_request(std::string_view kind) {
  if (kind == "createDeveloperMetadata") return create_metadata;
  if (kind == "updateDeveloperMetadata") return update_metadata;
  if (kind == "deleteDeveloperMetadata") return delete_metadata;
  return nullptr;
}

}  // namespace rowlane::sheets::local
