// Places where a test build can be killed: `ROWLANE_STOP_AT=name` or `name:2` (the second time it is reached) in the
// environment ends the process there at once, as kill -9 does. Nothing in other builds.
#pragma once

namespace rowlane {

#if ROWLANE_STOP_POINTS
void stop_point(const char* name);
#else
inline void stop_point(const char*) {}
#endif

}  // namespace rowlane
