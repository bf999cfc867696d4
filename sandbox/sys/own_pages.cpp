#include "sys/own_pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace snug {
namespace {

// A page that was never writable still is what the file holds, so it can be had again; relocated data lies in a
// segment that is writable in the headers (PT_GNU_RELRO makes it read-only afterwards) and is left alone.
void give_up(std::uintptr_t start, std::uintptr_t size) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t first = start / page * page;
  const std::uintptr_t end = (start + size) / page * page;  // the last page may be shared with the next segment
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

int give_up_object(dl_phdr_info* object, size_t, void*) {
  for (int number = 0; number < object->dlpi_phnum; ++number) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[number];
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0) {
      give_up(object->dlpi_addr + segment.p_vaddr, segment.p_memsz);
    }
  }
  return 1;  // the program is the first, and the only one wanted
}

}  // namespace

void give_up_own_pages() noexcept { dl_iterate_phdr(give_up_object, nullptr); }

}  // namespace snug
