// Kafka 0.8.2.2's own record classes behind a pipe: see kafka082.py. What is written comes from
// the Java producer; what is read goes through the classes of the broker and its consumers.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import kafka.javaapi.message.ByteBufferMessageSet;
import kafka.message.MessageAndOffset;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;

public class Records082 {
    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        while (true) {
            int command;
            try {
                command = in.readByte();
            } catch (EOFException end) {
                return;
            }
            if (command == 'w') {
                write(in, out);
            } else {
                read(in, out);
            }
            out.flush();
        }
    }

    /** Codec, count, then key and value of each; answers with a message set. */
    private static void write(DataInputStream in, DataOutputStream out) throws IOException {
        CompressionType codec = CompressionType.forId(in.readByte());
        int count = in.readInt();
        MemoryRecords records = MemoryRecords.emptyRecords(ByteBuffer.allocate(1 << 24), codec);
        for (int offset = 0; offset < count; offset++) {
            records.append(offset, readNullable(in), readNullable(in));
        }
        records.close();
        ByteBuffer written = records.buffer(); // its position is the end, as Kafka's sender finds it
        written.flip();
        writeNullable(out, written);
    }

    /** A message set; answers with the count, then offset, key and value of each. */
    private static void read(DataInputStream in, DataOutputStream out) throws IOException {
        List<MessageAndOffset> messages = new ArrayList<>();
        for (MessageAndOffset message : new ByteBufferMessageSet(ByteBuffer.wrap(readNullable(in)))) {
            message.message().ensureValid();
            messages.add(message);
        }
        out.writeInt(messages.size());
        for (MessageAndOffset message : messages) {
            out.writeLong(message.offset());
            writeNullable(out, message.message().key());
            writeNullable(out, message.message().payload());
        }
    }

    private static byte[] readNullable(DataInputStream in) throws IOException {
        int size = in.readInt();
        if (size < 0) {
            return null;
        }
        byte[] bytes = new byte[size];
        in.readFully(bytes);
        return bytes;
    }

    private static void writeNullable(DataOutputStream out, ByteBuffer bytes) throws IOException {
        if (bytes == null) {
            out.writeInt(-1);
            return;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        out.writeInt(copy.length);
        out.write(copy);
    }
}
