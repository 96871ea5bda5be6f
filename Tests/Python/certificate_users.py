"""Stands in front of a server and does what Redis 8.6 does with `tls-auth-clients-user CN`, and Valkey 9.1: asks for a certificate, and logs each
connection in as the user whom its common name names. Everything else is the server's.

Arguments: the server's port; certificate, key and authority; pairs NAME=PASSWORD."""

import asyncio
import ssl
import sys

port, certificate, key, authority = int(sys.argv[1]), *sys.argv[2:5]
passwords = dict(pair.split("=", 1) for pair in sys.argv[5:])


async def pass_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(reader, writer):
    subject = writer.get_extra_info("peercert")["subject"]
    name = next(value for part in subject for field, value in part if field == "commonName")
    try:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return writer.close()
    server_writer.write(f"AUTH {name} {passwords[name]}\r\n".encode())
    assert await server_reader.readline() == b"+OK\r\n"
    await asyncio.gather(pass_on(reader, server_writer), pass_on(server_reader, writer))


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
