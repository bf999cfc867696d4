#include "cli/cli.h"

int main(int argc, char** argv) { return snug::cli_main(argc, argv); }
