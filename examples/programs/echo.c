/* The same in C: cc -o echo echo.c && solod serve --name echo -- ./echo */

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  for (;;) {
    int connection = accept(3, NULL, NULL);
    char bytes[4096];
    ssize_t count;
    if (connection < 0) return 1;
    dprintf(connection, "%d ", (int)getpid());
    while ((count = read(connection, bytes, sizeof bytes)) > 0)
      if (send(connection, bytes, (size_t)count, MSG_NOSIGNAL) < 0) break;
    close(connection);
  }
}
