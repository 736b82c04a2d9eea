"""A daemon of ten lines: solod serve --name echo -- python3 echo.py"""

import os
import socket

listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    with connection, connection.makefile("rw") as stream:
        stream.write(f"{os.getpid()} {stream.read()}")
