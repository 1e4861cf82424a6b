package integration

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// port is a loopback port that nobody else gets while it is held. A gateway can
// listen on it, again after a crash, and two at once: Caddy's listeners set
// SO_REUSEPORT, and so does the socket here, which is bound and never listens.
type port struct {
	address string
	socket  int
}

func reservePort() (*port, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	if err == nil {
		err = unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	var bound unix.Sockaddr
	if err == nil {
		bound, err = unix.Getsockname(socket)
	}
	at, ok := bound.(*unix.SockaddrInet4)
	if err == nil && !ok {
		err = errors.New("no address")
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(socket))
	}
	return &port{address: fmt.Sprintf("127.0.0.1:%d", at.Port), socket: socket}, nil
}

func (p *port) release() { _ = unix.Close(p.socket) }
