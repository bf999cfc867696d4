// Writes standard.cpp: the standard policies of every architecture as arrays. Runs at build time, on the machine that
// builds; the table and the compiler are the ones snug uses at run time.
#include <linux/bpf_common.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "seccomp/compile.h"
#include "seccomp/policy.h"

namespace {

using snug::Architecture;

struct Program {
  std::string name;
  Architecture architecture;
  snug::PolicyVariant variant;
};

// In the order of their place in the table of programs.
constexpr snug::PolicyVariant variants[] = {{}, {.nested = true}, {.strict = true}, {.strict = true, .nested = true}};

std::string name_of(Architecture architecture, snug::PolicyVariant variant) {
  return std::string(architecture == Architecture::x86_64 ? "x86_64" : "arm64") + (variant.strict ? "_strict" : "") +
         (variant.nested ? "_nested" : "");
}

std::vector<Program> all_programs() {
  std::vector<Program> all;
  for (const auto architecture : {Architecture::x86_64, Architecture::arm64}) {
    for (const auto variant : variants) all.push_back({name_of(architecture, variant), architecture, variant});
  }
  return all;
}

void write_array(std::ostream& out, const std::string& name, const std::vector<sock_filter>& code) {
  out << "constexpr sock_filter " << name << "[] = {\n";
  for (const sock_filter& i : code) {
    out << "    {" << i.code << ", " << int{i.jt} << ", " << int{i.jf} << ", " << i.k << "u},\n";
  }
  out << "};\n\n";
}

void write_program(std::ostream& out, const Program& program) {
  const auto code = snug::compile(snug::make_policy(program.architecture, program.variant), program.architecture);
  if (code.size() > BPF_MAXINSNS) {
    std::cerr << program.name << ": " << code.size() << " instructions are more than a filter may have\n";
    std::exit(1);
  }
  write_array(out, program.name, code);
}

void write_file(std::ostream& out) {
  const std::vector<Program> programs = all_programs();
  out << "// Made from seccomp/policy.cpp by seccomp/generate/main.cpp. Change those.\n"
         "#include \"seccomp/standard.h\"\n\nnamespace snug {\nnamespace {\n\n";
  for (const Program& program : programs) write_program(out, program);
  out << "constexpr std::span<const sock_filter> programs[] = {";
  for (const Program& program : programs) out << program.name << ", ";
  out << "};\n\n}  // namespace\n\n"
         "std::span<const sock_filter> standard_program(Architecture architecture, PolicyVariant variant) {\n"
         "  return programs[4 * (architecture == Architecture::arm64) + 2 * variant.strict + variant.nested];\n"
         "}\n\n}  // namespace snug\n";
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
