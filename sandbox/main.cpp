#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char** argv) {
#ifdef __GLIBC__
  mallopt(M_TOP_PAD, 512 << 10);       // the heap of a usual run in one growth; pages cost when they are touched
  mallopt(M_MMAP_THRESHOLD, 4 << 20);  // setting the first makes glibc keep this one at 128 KiB
#endif
  return snug::cli_main(argc, argv);
}
