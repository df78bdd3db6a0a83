// The mark that a crash leaves in the data directory, so that the next start can tell it from a kill or a power cut.
//
// A crash counts as a fault of the passes that ran; a kill never does. The mark is a file: written by a signal
// handler, read and removed by the next start.
#pragma once

#include <string>

#include "base/error.hpp"

namespace rowlane::app {

// From here on SIGSEGV, SIGABRT, SIGBUS, SIGFPE and SIGILL leave the mark before they end the process as before.
// Once a process. The handler calls async-signal-safe functions alone.
void leave_mark_on_crash(const std::string& data_dir);
[[nodiscard]] bool has_crash_mark(const std::string& data_dir);
Status remove_crash_mark(const std::string& data_dir);

}  // namespace rowlane::app
