#include "sheets/local/impl.hpp"

namespace rowlane::sheets::local {
const PageFile* find_page_file(std::string_view) { return nullptr; }
}  // namespace rowlane::sheets::local
