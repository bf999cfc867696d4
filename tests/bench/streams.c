// streams serve ADDRESS PORT | streams WHAT HOST PORT COUNT [STREAMS]: TCP as programs use it, timed from inside.
//   up, down   COUNT MiB in each of STREAMS connections: MiB/s
//   connect    COUNT connections one after another, a byte there and back: microseconds, median and p99
//   request    COUNT times 100 bytes there and 1000 back in one connection: a second
//   hold       COUNT connections, a byte there and back in each, then "held"; ends at the end of standard input
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kMiB = 1 << 20, kRequest = 100, kAnswer = 1000 };
static struct addrinfo* target;
static long count;

static void die(const char* what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct addrinfo* look_up(const char* host, const char* port) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  if (getaddrinfo(host, port, &hints, &found) != 0) die(host);
  return found;
}

static int connect_once(void) {
  const int fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0 || connect(fd, target->ai_addr, target->ai_addrlen) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static int read_all(int fd, char* to, size_t size) {
  for (size_t got = 0; got < size;) {
    const ssize_t some = recv(fd, to + got, size - got, 0);
    if (some <= 0) return 0;
    got += (size_t)some;
  }
  return 1;
}

static void write_all(int fd, const char* from, size_t size) {
  for (size_t put = 0; put < size;) {
    const ssize_t some = send(fd, from + put, size - put, MSG_NOSIGNAL);
    if (some <= 0) return;
    put += (size_t)some;
  }
}

// The first byte of a connection says what it is for.
static void* serve_one(void* argument) {
  const int fd = (int)(long)argument;
  char* const buffer = calloc(1, kMiB);
  long mib = 0;
  if (!read_all(fd, buffer, 1)) goto done;
  switch (buffer[0]) {
    case 'u':
      while (recv(fd, buffer, kMiB, 0) > 0) continue;
      write_all(fd, "k", 1);
      break;
    case 'd':
      if (!read_all(fd, (char*)&mib, sizeof mib)) break;
      while (mib-- > 0) write_all(fd, buffer, kMiB);
      break;
    case 'r':
      while (read_all(fd, buffer, kRequest)) write_all(fd, buffer, kAnswer);
      break;
    default:
      write_all(fd, "k", 1);
      recv(fd, buffer, 1, 0);
  }
done:
  free(buffer);
  close(fd);
  return NULL;
}

static void serve(void) {
  const int listener = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, target->ai_addr, target->ai_addrlen) < 0 || listen(listener, 4096) < 0) die("listen");
  puts("ready");
  fflush(stdout);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&small, 64 << 10);
  while (1) {
    const int fd = accept(listener, NULL, NULL);
    pthread_t thread;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd >= 0 && pthread_create(&thread, &small, serve_one, (void*)(long)fd) != 0) close(fd);
  }
}

static void* go_up(void* unused) {
  char* const buffer = calloc(1, kMiB);
  const int fd = connect_once();
  write_all(fd, "u", 1);
  for (long i = 0; i < count; ++i) write_all(fd, buffer, kMiB);
  shutdown(fd, SHUT_WR);
  if (!read_all(fd, buffer, 1)) die("up");
  close(fd);
  return unused;
}

static void* go_down(void* unused) {
  char* const buffer = malloc(kMiB);
  const int fd = connect_once();
  write_all(fd, "d", 1);
  write_all(fd, (const char*)&count, sizeof count);
  long total = 0;
  for (ssize_t some; (some = recv(fd, buffer, kMiB, 0)) > 0;) total += some;
  if (total != count * kMiB) die("down");
  close(fd);
  return unused;
}

static void transfer(void* (*go)(void*), int streams) {
  pthread_t threads[64];
  const double start = now();
  for (int i = 0; i < streams; ++i) pthread_create(&threads[i], NULL, go, NULL);
  for (int i = 0; i < streams; ++i) pthread_join(threads[i], NULL);
  printf("%.1f\n", (double)(count * streams) / (now() - start));
}

static int by_size(const void* a, const void* b) {
  const double first = *(const double*)a, second = *(const double*)b;
  return (first > second) - (first < second);
}

static void connect_often(void) {
  double* const times = calloc((size_t)count, sizeof *times);
  char byte;
  const double begin = now();
  for (long i = 0; i < count; ++i) {
    const double start = now();
    const int fd = connect_once();
    write_all(fd, "c", 1);
    if (!read_all(fd, &byte, 1)) die("connect");
    close(fd);
    times[i] = (now() - start) * 1e6;
  }
  const double took = now() - begin;
  qsort(times, (size_t)count, sizeof *times, by_size);
  printf("%.0f %.1f %.1f\n", (double)count / took, times[count / 2], times[count * 99 / 100]);
}

static void request(void) {
  char buffer[kAnswer] = {0};
  const int fd = connect_once();
  write_all(fd, "r", 1);
  const double start = now();
  for (long i = 0; i < count; ++i) {
    write_all(fd, buffer, kRequest);
    if (!read_all(fd, buffer, kAnswer)) die("request");
  }
  printf("%.0f\n", (double)count / (now() - start));
}

static void hold(void) {
  char byte;
  for (long i = 0; i < count; ++i) {
    const int fd = connect_once();
    write_all(fd, "c", 1);
    if (!read_all(fd, &byte, 1)) die("hold");
  }
  puts("held");
  fflush(stdout);
  while (read(0, &byte, 1) > 0) continue;
}

int main(int argc, char** argv) {
  if (argc < 4) return fputs("usage: streams WHAT HOST PORT COUNT [STREAMS]\n", stderr), 2;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  target = look_up(argv[2], argv[3]);
  count = argc > 4 ? atol(argv[4]) : 0;
  const int streams = argc > 5 ? atoi(argv[5]) : 1;
  if (strcmp(argv[1], "serve") == 0) serve();
  if (strcmp(argv[1], "up") == 0) transfer(go_up, streams);
  if (strcmp(argv[1], "down") == 0) transfer(go_down, streams);
  if (strcmp(argv[1], "connect") == 0) connect_often();
  if (strcmp(argv[1], "request") == 0) request();
  if (strcmp(argv[1], "hold") == 0) hold();
  return 0;
}
