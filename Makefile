.PHONY: demo test
test:
	swift test --disable-xctest -Xcc -O2
