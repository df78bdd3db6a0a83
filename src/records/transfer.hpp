// CSV files between the store and the outside, for the routes and the commands alike.
//
// Nothing here decides who may: the scope does. References outlive the calls.
#pragma once

#include <string>

#include "base/worker_pool.hpp"
#include "domain/field_catalogue.hpp"
#include "domain/tab_layout.hpp"
#include "store/store.hpp"

namespace rowlane::records {

// The fields of its own that an agency's tabs map, in the order of its configuration.
std::vector<FieldId> own_fields(const AgencySettings& agency);

struct Imported {
  store::ImportReport report;  // errors in the order of their lines
  bool refused = false;        // there are errors and they were not to be skipped: nothing changed
};
// Imports `text` as records of the scope: all or nothing, unless `options.skip_bad`. The file is read on a thread of
// `workers`: ten megabytes take longer than anybody's request may wait.
Task<Result<Imported>> import_csv(store::Store& store, WorkerPool& workers, Scope scope,
                                  const FieldCatalogue& catalogue, std::vector<FieldId> own, std::string text,
                                  store::ImportOptions options);

// Every living record of the scope, with a header that `import_csv` takes.
Task<Result<std::string>> export_csv(store::Store& store, Scope scope, const FieldCatalogue& catalogue,
                                     std::vector<FieldId> own);

}  // namespace rowlane::records
