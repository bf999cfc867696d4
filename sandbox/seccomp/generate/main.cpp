// Writes standard.cpp: the standard policies of every architecture as arrays. Runs at build time, on the machine that
// builds; the table and the compiler are the ones snug uses at run time.
#include <linux/bpf_common.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "seccomp/compile.h"
#include "seccomp/policy.h"

namespace {

struct Variant {
  const char* name;
  snug::Architecture architecture;
  bool nested;
};

constexpr Variant variants[] = {
    {"x86_64", snug::Architecture::x86_64, false},
    {"x86_64_nested", snug::Architecture::x86_64, true},
    {"arm64", snug::Architecture::arm64, false},
    {"arm64_nested", snug::Architecture::arm64, true},
};

void write_array(std::ostream& out, const Variant& variant, const std::vector<sock_filter>& program) {
  out << "constexpr sock_filter " << variant.name << "[] = {\n";
  for (const sock_filter& i : program) {
    out << "    {" << i.code << ", " << int{i.jt} << ", " << int{i.jf} << ", " << i.k << "u},\n";
  }
  out << "};\n\n";
}

void write_variant(std::ostream& out, const Variant& variant) {
  const auto program = snug::compile(snug::make_policy(variant.architecture, variant.nested), variant.architecture);
  if (program.size() > BPF_MAXINSNS) {
    std::cerr << variant.name << ": " << program.size() << " instructions are more than a filter may have\n";
    std::exit(1);
  }
  write_array(out, variant, program);
}

void write_file(std::ostream& out) {
  out << "// Made from seccomp/policy.cpp by seccomp/generate/main.cpp. Change those.\n"
         "#include \"seccomp/standard.h\"\n\nnamespace snug {\nnamespace {\n\n";
  for (const Variant& variant : variants) write_variant(out, variant);
  out << "}  // namespace\n\n"
         "std::span<const sock_filter> standard_program(Architecture architecture, bool nested) {\n"
         "  if (architecture == Architecture::arm64) return nested ? std::span<const sock_filter>(arm64_nested) : "
         "arm64;\n"
         "  return nested ? std::span<const sock_filter>(x86_64_nested) : x86_64;\n}\n\n}  // namespace snug\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: snug_gen_filter OUTPUT.cpp\n";
    return 2;
  }
  std::ofstream out(argv[1]);
  write_file(out);
  return out.flush() ? 0 : 1;
}
