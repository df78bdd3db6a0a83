// The shapes of request bodies: which members a message has and of what type. A body that breaks them is
// refused the way Google's JSON front refuses it, with every violation named.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "sheets/local/api_error.hpp"

namespace rowlane::sheets::local {

// Checks `body` as a message of that type and brings it to one form: members in camelCase, nulls dropped,
// whole numbers sent as text turned into numbers.
ApiStatus check_body(Json& body, std::string_view type);
// Parses and checks. An empty text is an empty message.
Api<Json> parse_body(std::string_view text, std::string_view type);
// Whether every path of a mask for that message names a member; the refusal is Google's.
class FieldMask;
ApiStatus check_mask(const FieldMask& mask, std::string_view type);

}  // namespace rowlane::sheets::local
