// What Swift's Glibc module leaves out of the kernel's interface: epoll, eventfd, signalfd.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
