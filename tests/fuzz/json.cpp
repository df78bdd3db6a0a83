// JSON of any bytes: refused, or a value whose text reads back as the same value.
#include "base/json.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = rowlane::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!value) return 0;
  const auto again = rowlane::parse_json(value->dump());
  if (!again || !(*again == *value)) std::abort();
  return 0;
}
