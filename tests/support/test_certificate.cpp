#include "support/test_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>

#include "support/rsa_key.hpp"

namespace rowlane::testing {

namespace {
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
};

std::string write_temp(const std::string& text) {
  std::string path = "/tmp/rowlane-test-pem-XXXXXX";
  ::close(::mkstemp(path.data()));
  std::ofstream(path) << text;
  return path;
}
}  // namespace

TestCertificate::TestCertificate() {
  const std::string& pem = test_key().private_pem;
  const std::unique_ptr<BIO, FreeBio> in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  const std::unique_ptr<EVP_PKEY, FreeKey> key{PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr)};
  const std::unique_ptr<X509, FreeCertificate> certificate{X509_new()};
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  const std::unique_ptr<X509_EXTENSION, FreeExtension> names{
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1")};
  X509_add_ext(certificate.get(), names.get(), -1);
  X509_sign(certificate.get(), key.get(), EVP_sha256());

  const std::unique_ptr<BIO, FreeBio> out{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(out.get(), certificate.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  certificate_file = write_temp({data, static_cast<std::size_t>(size)});
  key_file = write_temp(pem);
}

TestCertificate::~TestCertificate() {
  ::unlink(certificate_file.c_str());
  ::unlink(key_file.c_str());
}

}  // namespace rowlane::testing
