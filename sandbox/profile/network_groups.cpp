// The groups of network rules. A host belongs here if the service's own client cannot do its everyday work without it.
// Hosts where anybody may receive data (a paste service, a bucket store as a whole) never do.
#include <algorithm>

#include "profile/network_rule.h"

namespace snug {
namespace {

constexpr const char* crates[] = {"index.crates.io", "static.crates.io", "crates.io"};
// deb.debian.org answers by itself and by the mirrors that its SRV record names.
constexpr const char* debian[] = {"deb.debian.org", "security.debian.org", "ftp.debian.org", "snapshot.debian.org"};
// Clones over https and ssh, the API, releases and archives. Whoever may push to some repository can send data there.
constexpr const char* github[] = {"github.com:22,80,443",
                                  "api.github.com",
                                  "codeload.github.com",
                                  "raw.githubusercontent.com",
                                  "objects.githubusercontent.com",
                                  "release-assets.githubusercontent.com",
                                  "github-releases.githubusercontent.com",
                                  "ssh.github.com:443",
                                  "github.githubassets.com"};
constexpr const char* go[] = {"proxy.golang.org", "sum.golang.org", "index.golang.org"};
constexpr const char* maven[] = {"repo.maven.apache.org",        "repo1.maven.org",     "plugins.gradle.org",
                                 "plugins-artifacts.gradle.org", "services.gradle.org", "downloads.gradle.org"};
constexpr const char* npm[] = {"registry.npmjs.org", "registry.yarnpkg.com", "nodejs.org"};
constexpr const char* pypi[] = {"pypi.org", "files.pythonhosted.org"};

constexpr NetworkGroup groups[] = {
    {"crates", "crates.io, for cargo", crates},
    {"debian", "Debian's package servers, for apt", debian},
    {"github", "GitHub: git over https and ssh, API, releases", github},
    {"go", "Go's module proxy and checksum database", go},
    {"maven", "Maven Central and Gradle's plugins", maven},
    {"npm", "the npm registry and Node's headers", npm},
    {"pypi", "the Python package index", pypi},
};

}  // namespace

std::span<const NetworkGroup> network_groups() { return groups; }

const NetworkGroup* find_network_group(std::string_view name) {
  const auto found = std::ranges::find(groups, name, &NetworkGroup::name);
  return found == std::end(groups) ? nullptr : found;
}

}  // namespace snug
