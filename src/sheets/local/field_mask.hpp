// Google's field masks: "a,b/c,a(b,c),*,a.b". Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "sheets/local/api_error.hpp"

namespace rowlane::sheets::local {

// A tree of names. A mask without members takes everything below it.
class FieldMask {
 public:
  // Everything.
  FieldMask() = default;
  // The message of a refusal is Google's.
  static Api<FieldMask> parse(std::string_view text);

  [[nodiscard]] bool takes_all() const { return members_.empty() || members_.contains("*"); }
  // Whether the member comes through, wholly or in part.
  [[nodiscard]] bool takes(std::string_view name) const { return below(name) != nullptr; }
  // The mask for what lies below a member; null: left out.
  [[nodiscard]] const FieldMask* below(std::string_view name) const;
  // A copy with only the members that the mask takes; arrays are seen through.
  [[nodiscard]] Json filter(const Json& value) const;
  [[nodiscard]] const std::map<std::string, FieldMask, std::less<>>& members() const { return members_; }
  FieldMask& add(std::string_view name) { return members_[std::string(name)]; }
  void merge(const FieldMask& other);

 private:
  std::map<std::string, FieldMask, std::less<>> members_;
};

// Sets in `target` what `mask` names, to what `source` has there; what the source lacks is removed.
void apply_masked(Json& target, const Json& source, const FieldMask& mask);

}  // namespace rowlane::sheets::local
