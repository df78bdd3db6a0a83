#include "sheets/local/field_mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace rowlane::sheets::local {

namespace {

class MaskParser {
 public:
  explicit MaskParser(std::string_view text) : text_(text) {}

  bool list(FieldMask& into, int depth) {
    if (depth > 30) return false;
    do {
      skip();
      FieldMask* at = &into;
      std::vector<std::string> path;
      while (true) {
        skip();
        const std::size_t start = at_;
        while (at_ < text_.size() && is_name(text_[at_])) ++at_;
        if (at_ == start) return false;
        path.emplace_back(text_.substr(start, at_ - start));
        skip();
        if (at_ < text_.size() && (text_[at_] == '/' || text_[at_] == '.')) {
          ++at_;
          continue;
        }
        break;
      }
      FieldMask leaf;
      if (at_ < text_.size() && text_[at_] == '(') {
        ++at_;
        if (!list(leaf, depth + 1)) return false;
        skip();
        if (at_ >= text_.size() || text_[at_] != ')') return false;
        ++at_;
        skip();
      }
      for (std::size_t i = 0; i + 1 < path.size(); ++i) at = &child(*at, path[i]);
      put(*at, path.back(), leaf);
      skip();
    } while (at_ < text_.size() && text_[at_] == ',' && ++at_);
    return true;
  }
  bool done() const { return at_ == text_.size(); }

 private:
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '*' ||
           c == '-';
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  // "a,a/b" takes all of a: a member that is there without members of its own stays so.
  static FieldMask& child(FieldMask& at, const std::string& name) {
    if (const auto found = at.members().find(name); found != at.members().end() && found->second.members().empty()) {
      FieldMask& all = at.add(name);
      all.add("*");
      return all;
    }
    return at.add(name);
  }
  static void put(FieldMask& at, const std::string& name, const FieldMask& leaf) {
    const auto found = at.members().find(name);
    if (found == at.members().end()) {
      at.add(name) = leaf;
      return;
    }
    if (leaf.members().empty() || found->second.members().empty())
      at.add(name) = FieldMask{};
    else
      at.add(name).merge(leaf);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void FieldMask::merge(const FieldMask& other) {
  for (const auto& [name, mask] : other.members_) {
    const auto found = members_.find(name);
    if (found == members_.end())
      members_[name] = mask;
    else if (mask.members_.empty() || found->second.members_.empty())
      found->second = FieldMask{};
    else
      found->second.merge(mask);
  }
}

Api<FieldMask> FieldMask::parse(std::string_view text) {
  FieldMask mask;
  MaskParser parser(text);
  if (!parser.list(mask, 0) || !parser.done())
    return refuse(fmt::format("Request contains an invalid argument. Invalid field mask: {}", text));
  return mask;
}

const FieldMask* FieldMask::below(std::string_view name) const {
  static const FieldMask kAll;
  if (members_.empty()) return &kAll;
  if (const auto found = members_.find(name); found != members_.end()) return &found->second;
  const auto star = members_.find("*");
  return star == members_.end() ? nullptr : &star->second;
}

Json FieldMask::filter(const Json& value) const {
  if (members_.empty()) return value;
  if (const Json::Array* items = value.if_array()) {
    Json::Array out;
    out.reserve(items->size());
    for (const Json& item : *items) out.push_back(filter(item));
    return out;
  }
  const Json::Object* object = value.if_object();
  if (!object) return value;
  Json::Object out;
  for (const auto& [name, member] : *object)
    if (const FieldMask* inner = below(name)) out.emplace_back(name, inner->filter(member));
  return out;
}

void apply_masked(Json& target, const Json& source, const FieldMask& mask) {
  if (mask.takes_all()) {
    target = source;
    return;
  }
  for (const auto& [name, inner] : mask.members()) {
    const Json* found = source.find(name);
    Json part;
    if (const Json* present = target.find(name)) part = *present;
    if (inner.takes_all())
      part = found ? *found : Json{};
    else
      apply_masked(part, found ? *found : Json{}, inner);
    const bool empty = part.is_null() || (part.if_object() && part.if_object()->empty());
    if (!empty)
      target.set(name, std::move(part));
    else if (Json::Object* object = target.if_object())
      std::erase_if(*object,
                    [gone = std::string_view(name)](const Json::Member& member) { return member.first == gone; });
  }
}

}  // namespace rowlane::sheets::local
