// Names of one file on the host, of which the command changed the file under one. The overlay copies a file when it is
// first written, under the name it is written by, and the other names keep the old one: what the command did to the
// file is done to all its names again. A new file that was renamed over the name is split off on the host too. How the
// two are told apart: a copy takes along when the host's file was read last (ovl_set_timestamps() in
// fs/overlayfs/copy_up.c) and a capture's overlay changes that no more (noatime); the overlay's mark of a copy, which
// one of a file with several names lacks, tells of a file with one name that was moved there. Where in doubt, names are
// split, and it is told.
#pragma once

#include <vector>

#include "base/result.h"
#include "changes/change.h"
#include "changes/scan.h"

namespace snug {

/// Changes of the other names in the project, to be taken over with those of `chosen`, in which it is noted how many
/// follow. Names that the capture changes or deletes itself do not follow, unless it has the same there: then both
/// become one file again. `all` are those of a scan of `sides`, `chosen` some of them that nobody wants in another
/// form. Precondition: nothing lies between. Errors: what cannot be read. Looks at the whole of the host's directory
/// where there is such a file.
Result<std::vector<Change>> follow_links(const Sides& sides, const std::vector<Change>& all,
                                         const std::vector<Change*>& chosen);

}  // namespace snug
