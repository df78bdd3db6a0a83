// A self-signed certificate for 127.0.0.1 and its key, as files that go with this object.
#pragma once

#include <string>

namespace rowlane::testing {

struct TestCertificate {
  std::string certificate_file, key_file;
  TestCertificate();
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
};

}  // namespace rowlane::testing
