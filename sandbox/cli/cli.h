// Command line in, exit status out. The only folder that prints.
#pragma once

namespace snug {

int cli_main(int argc, char** argv);

}  // namespace snug
