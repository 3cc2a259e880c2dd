"""`python -m tests.servers.node` installs the locked npm packages of the test servers."""

from tests.servers.node import install

if __name__ == "__main__":
    install()
