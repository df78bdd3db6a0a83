// The demo agency: users, records, and a local spreadsheet that people have worked in.
#pragma once

#include "app/server.hpp"

namespace rowlane::app {

// The demo's configuration file, for a data directory and a listener.
std::string demo_config(const std::string& data_dir, const std::string& listen);
// Fills an empty data directory; does nothing when it is filled.
Status fill_demo(Server& server);

}  // namespace rowlane::app
