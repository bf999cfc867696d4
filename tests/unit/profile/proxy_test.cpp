// What HTTPS_PROXY and NO_PROXY mean.
#include "profile/proxy.h"

#include "support/catch.h"

namespace {

using namespace snug;

std::optional<UpstreamProxy> proxy_in(const std::map<std::string, std::string>& environment) {
  auto read = read_proxy(environment);
  REQUIRE(read.ok());
  return *read;
}

std::string shown(const std::string& url) {
  const auto proxy = proxy_in({{"HTTPS_PROXY", url}});
  REQUIRE(proxy);
  return to_text(*proxy) + (proxy->credentials.empty() ? "" : " " + proxy->credentials);
}

std::string complaint(const std::string& url) {
  const auto read = read_proxy({{"HTTPS_PROXY", url}});
  REQUIRE_FALSE(read.ok());
  return to_text(read.error());
}

UpstreamProxy without(const std::string& exceptions) {
  return *proxy_in({{"https_proxy", "http://p.example:8"}, {"NO_PROXY", exceptions}});
}

}  // namespace

TEST_CASE("which variable names the proxy") {
  CHECK_FALSE(proxy_in({}));
  CHECK_FALSE(proxy_in({{"HTTPS_PROXY", ""}, {"http_proxy", "http://plain.example"}}));
  std::map<std::string, std::string> all{{"ALL_PROXY", "http://d"}};
  CHECK(proxy_in(all)->host == "d");
  all["all_proxy"] = "http://c";
  CHECK(proxy_in(all)->host == "c");
  all["HTTPS_PROXY"] = "http://b";
  CHECK(proxy_in(all)->host == "b");
  all["https_proxy"] = "http://a";
  CHECK(proxy_in(all)->host == "a");
  CHECK(to_text(proxy_in(all)->origin).find("https_proxy") != std::string::npos);
}

TEST_CASE("a proxy's URL") {
  CHECK(shown("http://Proxy.Example:3128/") == "proxy.example:3128");
  CHECK(shown("proxy.example") == "proxy.example:1080");
  CHECK(shown("HTTP://10.0.0.1:8080/path?x") == "10.0.0.1:8080");
  CHECK(shown("http://[fd00::1]:8080") == "[fd00::1]:8080");
  CHECK(shown("http://ann:secret@proxy.example:1") == "proxy.example:1 ann:secret");
  CHECK(shown("http://corp%5Cann:p%40ss%3a%@proxy.example:1") == "proxy.example:1 corp\\ann:p@ss:%");
  CHECK(shown("http://a:b@c@proxy.example:1") == "proxy.example:1 a:b@c");
  CHECK(shown("http://ann@proxy.example:1") == "proxy.example:1 ann:");
}

TEST_CASE("what is no proxy of http is refused, and nothing of it repeated but a known scheme") {
  CHECK(complaint("socks5h://ann:secret@proxy.example:1").find("it is of socks5h://") != std::string::npos);
  CHECK(complaint("https://ann:secret@proxy.example").find("it is of https://") != std::string::npos);
  for (const char* const url :
       {"secret://x", "ann:secret://x", "http://ann:secret@", "http://ann:secret@:80", "http://ann:secret@10.0.0.300:1",
        "http://secret host:1", "http://x:0", "http://x:65536", "http://x:secret", "http://[::1:80", "http://[",
        "http://x:1:secret", "http://\nsecret", "http://ann:secret@[::1]x:1", "http://[::1]1"}) {
    INFO(url);
    CHECK(complaint(url).find("cannot use the proxy that HTTPS_PROXY names") == 0);
    CHECK(complaint(url).find("secret") == std::string::npos);
  }
  CHECK(complaint("http://" + std::string(2000, 'x') + "@p:1").find("too long") != std::string::npos);
}

TEST_CASE("names past the proxy: themselves and all below, as curl has it, and at a port alone") {
  const UpstreamProxy proxy = without("corp.example, .dot.example *.star.example\tPORT.example:8080,trailing.example.");
  for (const char* const name : {"corp.example", "a.b.corp.example", "dot.example", "a.dot.example", "star.example",
                                 "a.star.example", "trailing.example"}) {
    INFO(name);
    CHECK(is_exception(proxy, name, 443));
  }
  for (const char* const name : {"example", "notcorp.example", "corp.example.test", "port.example"}) {
    INFO(name);
    CHECK_FALSE(is_exception(proxy, name, 443));
  }
  CHECK(is_exception(proxy, "a.port.example", 8080));
}

TEST_CASE("addresses past the proxy: by themselves, by ranges, and loopback always") {
  const UpstreamProxy proxy = without("10.0.0.0/8,192.0.2.1,[fd00::1],fd11::/16,198.51.100.1:80,[fd22::1]:80");
  const auto direct = [&](const char* address, std::uint16_t port = 443) {
    return is_exception(proxy, *parse_ip(address), port);
  };
  for (const char* const address : {"10.9.9.9", "192.0.2.1", "fd00::1", "fd11::9", "127.0.0.1", "127.9.9.9", "::1"}) {
    INFO(address);
    CHECK(direct(address));
  }
  for (const char* const address : {"11.0.0.1", "192.0.2.2", "198.51.100.1", "fd22::1", "fd00::2"}) {
    INFO(address);
    CHECK_FALSE(direct(address));
  }
  CHECK(direct("198.51.100.1", 80));
  CHECK(direct("fd22::1", 80));
}

TEST_CASE("no proxy at all with a star, and words of no meaning are passed over") {
  CHECK_FALSE(proxy_in({{"ALL_PROXY", "http://p"}, {"NO_PROXY", " * "}}));
  CHECK_FALSE(proxy_in({{"ALL_PROXY", "socks5://p"}, {"no_proxy", "*"}, {"NO_PROXY", "x"}}));
  CHECK(without("*,,:80,a:b,/8,.,x y:0,-").exceptions == std::vector<ProxyException>{{.name = "x"}});
  CHECK(without(std::string(100000, ',') + "x").exceptions.size() == 1);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "n" + std::to_string(i) + ",";
  CHECK(without(many).exceptions.size() == 256);
  CHECK(to_text(without("fd22::1").exceptions[0]) == "fd22::1");
  CHECK(to_text(without("[fd22::1]:80").exceptions[0]) == "[fd22::1]:80");
}
