// Natural keys in the form in which they are compared. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/tab_layout.hpp"

namespace rowlane::plan {

// One normalised text a natural key of the tab, in the layout's order; "" where the key is blank: a part is missing,
// a placeholder (NA, NEW, -, 0, ...), or shorter than four characters in all.
using NaturalKeys = std::vector<std::string>;

// One of them.
std::string key_of(const Fields& fields, const std::vector<FieldId>& key);
NaturalKeys keys_of(const Fields& fields, const TabLayout& layout);
// The key built of `parts`, one text a field of the key.
std::string join_key(const std::vector<std::string_view>& parts);
// "current_policy_no=P/1": the strongest key of a record that is not blank, for people.
std::string describe_key(const Fields& fields, const TabLayout& layout, const FieldCatalogue& catalogue,
                         std::size_t key);

}  // namespace rowlane::plan
